package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.Arrays;
import java.util.Optional;

/** What more vectors hold: Figure 4 of the paper. */
final class VectorCountFigures {
  private VectorCountFigures() {}

  static Optional<Figure> accuracy(LabDatabase database) {
    Table means =
        Table.of(
            database,
            """
            SELECT model, source, vectors, length, avg(accuracy) AS accuracy, count(*) AS runs
            FROM series GROUP BY ALL ORDER BY ALL
            """);
    if (means.distinct("vectors").size() < 2 && means.distinct("length").size() < 2) {
      return Optional.empty();
    }
    Chart chart = new Chart("tokens of the text", "mean accuracy").logarithmicX().from(0, 1);
    for (String model : means.distinct("model")) {
      for (String source : means.distinct("source")) {
        for (String vectors : means.distinct("vectors")) {
          Table line =
              means.where("model", model).where("source", source).where("vectors", vectors);
          chart.line(
              (means.distinct("model").size() == 1 ? "" : model + ", ")
                  + source
                  + ", K = "
                  + vectors,
              line.numbers("length"),
              line.numbers("accuracy"));
        }
      }
    }
    return Optional.of(
        new Figure(
            "figure4a",
            "Accuracy and length (Figure 4)",
            "Mean teacher-forced accuracy of the best step, for K vectors.",
            chart.svg(),
            means));
  }

  static Optional<Figure> capacity(LabDatabase database) {
    Table capacities =
        Table.of(
            database,
            """
            WITH by_length AS (
              SELECT model, source, vectors, length, avg(accuracy) AS mean_accuracy
              FROM series GROUP BY ALL)
            SELECT model, source, vectors, max(length) FILTER (mean_accuracy >= decoded()) AS capacity
            FROM by_length GROUP BY ALL ORDER BY ALL
            """);
    if (capacities.distinct("vectors").size() < 2) {
      return Optional.empty();
    }
    Chart chart =
        new Chart("vectors, K", "Decoding Capacity (tokens)").logarithmicX().logarithmicY();
    for (String model : capacities.distinct("model")) {
      for (String source : capacities.distinct("source")) {
        Table line = capacities.where("model", model).where("source", source);
        String name = model + ", " + source;
        chart.line(name, line.numbers("vectors"), line.numbers("capacity"));
        double ofOne =
            line.where("vectors", "1").isEmpty()
                ? Double.NaN
                : line.where("vectors", "1").number(0, "capacity");
        if (!Double.isNaN(ofOne)) {
          chart.reference(
              name + ", ideal",
              line.numbers("vectors"),
              Arrays.stream(line.numbers("vectors")).map(k -> k * ofOne).toArray());
        }
      }
    }
    return Optional.of(
        new Figure(
            "figure4b",
            "Capacity and number of vectors (Figure 4)",
            "The longest length whose mean accuracy is at least 0.99; the dashed lines are K times"
                + " the capacity of one vector.",
            chart.svg(),
            capacities));
  }
}
