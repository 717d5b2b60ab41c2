package dev.cram.lab.report;

import dev.cram.lab.Experiment;
import dev.cram.lab.database.LabDatabase;
import java.util.Arrays;
import java.util.Optional;

/** Cross-entropy of the texts before and after cramming: Figures 3 and 6 of the paper. */
final class CrossEntropyFigure {
  private static final String RUNS =
      """
      SELECT model, source, sample, length, accuracy,
        cross_entropy_without * length AS before, cross_entropy * length AS after,
        information_gain
      FROM selected WHERE vectors = 1 ORDER BY ALL
      """;

  private CrossEntropyFigure() {}

  static Optional<Figure> of(LabDatabase database) {
    Table runs = Table.of(database, RUNS);
    if (runs.isEmpty()) {
      return Optional.empty();
    }
    Chart chart =
        new Chart(
            "cross-entropy of the text without vectors (nats)",
            "cross-entropy with one vector (nats)");
    for (String model : runs.distinct("model")) {
      Table ofModel = runs.where("model", model);
      for (String source : ofModel.distinct("source")) {
        Table points = ofModel.where("source", source);
        chart.points(
            runs.distinct("model").size() == 1 ? source : model + ", " + source,
            points.numbers("before"),
            points.numbers("after"));
      }
    }
    double most = Arrays.stream(runs.numbers("before")).max().orElse(1);
    chart.reference("no gain", new double[] {0, most}, new double[] {0, most});
    double gain =
        runs.rows().stream()
            .filter(row -> (double) row.get(4) <= Experiment.DECODED)
            .mapToDouble(row -> (double) row.get(7))
            .average()
            .orElse(Double.NaN);
    if (!Double.isNaN(gain) && gain < most) {
      chart.reference(
          "reduction by " + Table.shown(gain) + " nats",
          new double[] {gain, most},
          new double[] {0, most - gain});
    }
    return Optional.of(
        new Figure(
            "figure3",
            "Cross-entropy before and after (Figures 3 and 6)",
            "Each point is a text. Texts left of where the dashed line of constant reduction meets"
                + " the axis can be held without loss; the reduction is the mean over the runs that"
                + " are not lossless.",
            chart.svg(),
            runs));
  }
}
