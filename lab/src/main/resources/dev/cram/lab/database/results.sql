-- The measures of Kuratov et al. 2025. Gains in tokens and nats; the bound is their Eq. 1.
CREATE OR REPLACE $temp VIEW results AS
SELECT
  *,
  correct - correct_without AS token_gain,
  (cross_entropy_without - cross_entropy) * length AS information_gain,
  vectors * embedding_size * $bits / log2(vocabulary_size) AS theoretical_bound,
  (correct - correct_without) / (vectors * embedding_size * $bits / log2(vocabulary_size)) AS capacity_utilisation,
  (cross_entropy_without - cross_entropy) * length / ln(2) / (vectors * embedding_size) AS bits_per_dimension
FROM runs;
