package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.Optional;

/** How alike the vectors of one text and of different texts are: Figure 7 of the paper. */
final class SimilarityFigure {
  /** Pairs of at most this many runs of one model; their number grows with the square. */
  private static final int RUNS = 300;

  private SimilarityFigure() {}

  static Optional<Figure> of(LabDatabase database) {
    Table shares =
        Table.of(
            database,
            """
            WITH single AS (
              SELECT *, count(*) OVER (PARTITION BY model, recipe, precision, text_hash) AS seeds
              FROM series WHERE vectors = 1),
            several AS (SELECT DISTINCT model, length FROM single WHERE seeds > 1),
            comparable AS (
              SELECT * FROM single
              WHERE NOT EXISTS (FROM several) OR (model, length) IN (SELECT (model, length) FROM several)),
            chosen AS (
              SELECT id, model, recipe, text_hash, length, mem
              FROM comparable JOIN traces USING (id)
              QUALIFY row_number() OVER (PARTITION BY model ORDER BY seeds DESC, hash(id)) <= %d),
            pairs AS (
              SELECT a.model,
                CASE WHEN a.text_hash = b.text_hash THEN 'one text' ELSE 'two texts' END AS pair,
                list_cosine_similarity(a.mem, b.mem) AS similarity
              FROM chosen a JOIN chosen b
                ON a.model = b.model AND a.recipe = b.recipe AND a.id < b.id AND a.length = b.length),
            counts AS (
              SELECT model, pair, least(39, floor((similarity + 1) / 0.05))::INTEGER AS bin, count(*) AS pairs
              FROM pairs GROUP BY ALL),
            bins AS (
              SELECT model, pair, unnest(range(greatest(0, min(bin) - 1), least(40, max(bin) + 2)))::INTEGER AS bin
              FROM counts GROUP BY model, pair)
            SELECT model, pair, round(bin * 0.05 - 0.975, 3) AS cosine, coalesce(pairs, 0) AS pairs,
              coalesce(pairs, 0) / sum(pairs) OVER (PARTITION BY model, pair) AS share
            FROM bins LEFT JOIN counts USING (model, pair, bin) ORDER BY ALL
            """
                .formatted(RUNS));
    if (shares.isEmpty()) {
      return Optional.empty();
    }
    Chart chart = new Chart("cosine similarity of two vectors", "share of the pairs");
    for (String model : shares.distinct("model")) {
      for (String pair : shares.distinct("pair")) {
        Table curve = shares.where("model", model).where("pair", pair);
        chart.line(
            (shares.distinct("model").size() == 1 ? "" : model + ", ") + "vectors of " + pair,
            curve.numbers("cosine"),
            curve.numbers("share"));
      }
    }
    return Optional.of(
        new Figure(
            "figure7",
            "Similarity of vectors (Figure 7)",
            "Cosine of two vectors for texts of the same length: for one text from different seeds"
                + " (intra-sample), and for two texts (inter-sample). At most "
                + RUNS
                + " runs of a model are paired.",
            chart.svg(),
            shares));
  }
}
