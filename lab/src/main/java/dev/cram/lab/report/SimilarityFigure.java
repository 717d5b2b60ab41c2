package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.Optional;

/** How alike the vectors of one text and of different texts are: Figure 7 of the paper. */
final class SimilarityFigure {
  /** Pairs of at most this many runs of one model; their number grows with the square. */
  private static final int RUNS = 200;

  private SimilarityFigure() {}

  static Optional<Figure> of(LabDatabase database) {
    Table shares =
        Table.of(
            database,
            """
            WITH chosen AS (
              SELECT id, model, source, sample, length, seed, mem
              FROM selected JOIN traces USING (id)
              WHERE vectors = 1 ORDER BY hash(id) LIMIT %d),
            pairs AS (
              SELECT CASE WHEN a.source = b.source AND a.sample = b.sample THEN 'one text' ELSE 'two texts' END AS pair,
                list_cosine_similarity(a.mem, b.mem) AS similarity
              FROM chosen a JOIN chosen b
                ON a.model = b.model AND a.id < b.id AND a.length = b.length),
            bins AS (
              SELECT pair, least(39, floor((similarity + 1) / 0.05)) * 0.05 - 0.975 AS cosine, count(*) AS pairs
              FROM pairs GROUP BY ALL)
            SELECT pair, cosine, pairs, pairs / sum(pairs) OVER (PARTITION BY pair) AS share
            FROM bins ORDER BY ALL
            """
                .formatted(RUNS));
    if (shares.isEmpty()) {
      return Optional.empty();
    }
    Chart chart = new Chart("cosine similarity of two vectors", "share of the pairs");
    for (String pair : shares.distinct("pair")) {
      Table curve = shares.where("pair", pair);
      chart.line("vectors of " + pair, curve.numbers("cosine"), curve.numbers("share"));
    }
    return Optional.of(
        new Figure(
            "figure7",
            "Similarity of vectors (Figure 7)",
            "Vectors of the same length: of one text from different seeds, and of two texts. At most "
                + RUNS
                + " runs are paired.",
            chart.svg(),
            shares));
  }
}
