package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.Arrays;
import java.util.Optional;

/** What the paper does not look at: exact greedy decoding, its cost and how safe it is. */
final class DecodingFigures {
  private DecodingFigures() {}

  static Optional<Figure> exact(LabDatabase database) {
    Table shares =
        Table.of(
            database,
            """
            SELECT model, source, vectors, length, avg(exact::INTEGER) AS exact,
              avg(horizon) AS horizon, count(*) AS runs
            FROM series GROUP BY ALL ORDER BY ALL
            """);
    if (shares.isEmpty()) {
      return Optional.empty();
    }
    Chart chart = new Chart("tokens of the text", "tokens decoded before the first error");
    for (String name : shares.distinct("source")) {
      for (String vectors : shares.distinct("vectors")) {
        for (String model : shares.distinct("model")) {
          Table line = shares.where("source", name).where("vectors", vectors).where("model", model);
          chart.line(
              label(shares, model, name) + ", K = " + vectors,
              line.numbers("length"),
              line.numbers("horizon"));
        }
      }
    }
    double most = Arrays.stream(shares.numbers("length")).max().orElse(1);
    chart.reference("all of it", new double[] {0, most}, new double[] {0, most});
    return Optional.of(
        new Figure(
            "horizon",
            "Exact horizon",
            "Mean number of tokens that greedy decoding gives back before its first error, the given"
                + " first token included. The data have the share of exact texts too.",
            chart.svg(),
            shares));
  }

  static Optional<Figure> horizonAgainstTime(LabDatabase database) {
    Table curves =
        HorizonOverTime.of(
            database,
            """
            (SELECT * FROM series WHERE vectors = 1 AND (model, length) IN (
              SELECT (model, max(length)) FROM series WHERE vectors = 1 GROUP BY model))
            """,
            "model, source",
            "model",
            "runs",
            2);
    if (curves.isEmpty()) {
      return Optional.empty();
    }
    Chart chart =
        new Chart("seconds on one core", "exact prefix (tokens, teacher-forced)").logarithmicX();
    for (String model : curves.distinct("model")) {
      for (String source : curves.distinct("source")) {
        Table curve = curves.where("model", model).where("source", source);
        chart.line(
            label(curves, model, source), curve.numbers("seconds"), curve.numbers("horizon"));
      }
    }
    return Optional.of(
        new Figure(
            "horizon-time",
            "Horizon against time",
            "The longest exact prefix so far, mean over the texts of the longest length of a model;"
                + " a search that has ended keeps what it had.",
            chart.svg(),
            curves));
  }

  static Optional<Figure> margins(LabDatabase database) {
    Table distribution =
        Table.of(
            database,
            """
            SELECT model, source, min_margin AS margin,
              row_number() OVER (PARTITION BY model, source ORDER BY min_margin)
                / count(*) OVER (PARTITION BY model, source) AS share
            FROM series WHERE exact ORDER BY model, source, margin
            """);
    if (distribution.isEmpty()) {
      return Optional.empty();
    }
    Chart chart =
        new Chart("smallest margin of an exact text (logits)", "share of the texts below")
            .from(0, 1);
    for (String model : distribution.distinct("model")) {
      for (String source : distribution.distinct("source")) {
        Table curve = distribution.where("model", model).where("source", source);
        chart.curve(
            label(distribution, model, source), curve.numbers("margin"), curve.numbers("share"));
      }
    }
    return Optional.of(
        new Figure(
            "margins",
            "How safe exact texts are",
            "Distribution of the smallest gap between the right token's logit and the best other one,"
                + " over the exact texts.",
            chart.svg(),
            distribution));
  }

  static Optional<Figure> bits(LabDatabase database) {
    Table means =
        Table.of(
            database,
            """
            SELECT model, source, vectors, length, avg(bits_per_dimension) AS bits,
              stddev_samp(bits_per_dimension) AS deviation, count(*) AS runs
            FROM series WHERE vectors = 1 GROUP BY ALL ORDER BY ALL
            """);
    if (means.isEmpty()) {
      return Optional.empty();
    }
    Chart chart =
        new Chart("tokens of the text", "Information Gain (bits a dimension)").logarithmicX();
    for (String model : means.distinct("model")) {
      for (String source : means.distinct("source")) {
        Table line = means.where("model", model).where("source", source);
        chart.line(label(means, model, source), line.numbers("length"), line.numbers("bits"));
      }
    }
    return Optional.of(
        new Figure(
            "bits",
            "Bits a dimension",
            "Information Gain of one vector over its width, of 32 bits each.",
            chart.svg(),
            means));
  }

  private static String label(Table table, String model, String source) {
    return table.distinct("model").size() == 1 ? source : model + ", " + source;
  }
}
