package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.Optional;

/** What lies between the vectors of one text: Figure 8 of the paper. */
final class LinesFigure {
  /** Single lines that are drawn behind the mean. */
  private static final int DRAWN = 60;

  private static final String POINTS =
      """
      WITH points AS (
        SELECT a.model, a.source, a.sample, a.length, a.vectors, from_id, to_id, points,
          unnest(range(points)) / (points - 1) AS position, unnest(lines.accuracy) AS accuracy,
          unnest(lines.cross_entropy) AS cross_entropy
        FROM lines JOIN series a ON from_id = a.id)
      """;

  private LinesFigure() {}

  static Optional<Figure> of(LabDatabase database) {
    Table means =
        Table.of(
            database,
            POINTS
                + """
                SELECT model, source, length, vectors, position, avg(accuracy) AS mean,
                  min(accuracy) AS least, quantile_cont(accuracy, 0.1) AS tenth,
                  quantile_cont(accuracy, 0.9) AS ninetieth, max(accuracy) AS most,
                  avg(cross_entropy) AS mean_cross_entropy,
                  count(DISTINCT from_id || to_id) AS lines
                FROM points GROUP BY ALL ORDER BY ALL
                """);
    if (means.isEmpty()) {
      return Optional.empty();
    }
    Table singles =
        Table.of(
            database,
            POINTS
                + """
                SELECT from_id || to_id AS line, position, accuracy FROM points
                WHERE from_id || to_id IN (
                  SELECT from_id || to_id FROM lines JOIN selected ON from_id = id
                  ORDER BY hash(from_id || to_id) LIMIT %d)
                ORDER BY line, position
                """
                    .formatted(DRAWN));
    Chart chart =
        new Chart("position between two vectors of one text", "accuracy of the text").from(0, 1.02);
    for (String line : singles.distinct("line")) {
      Table points = singles.where("line", line);
      chart.faint(line, points.numbers("position"), points.numbers("accuracy"));
    }
    long embeddings =
        (long)
            Table.of(
                    database,
                    "SELECT count(DISTINCT id) AS n FROM selected WHERE id IN"
                        + " (SELECT from_id FROM lines UNION SELECT to_id FROM lines)")
                .number(0, "n");
    for (String model : means.distinct("model")) {
      for (String source : means.distinct("source")) {
        for (String length : means.distinct("length")) {
          Table curve = means.where("model", model).where("source", source).where("length", length);
          chart.line(
              (means.distinct("model").size() == 1 ? "" : model + ", ")
                  + "%s, %s tokens".formatted(source, length),
              curve.numbers("position"),
              curve.numbers("mean"));
        }
      }
    }
    return Optional.of(
        new Figure(
            "figure8",
            "Between the vectors of one text (Figure 8)",
            "Teacher-forced accuracy along the straight lines between the vectors that different"
                + " seeds found for a text, of "
                + embeddings
                + " embeddings in all: mean, and in grey, up to "
                + DRAWN
                + " of the lines.",
            chart.svg(),
            means));
  }
}
