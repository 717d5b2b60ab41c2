package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import dev.cram.lab.run.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Cross-entropy of the texts before and after cramming: Figures 3 and 6 of the paper. */
final class CrossEntropyFigure {
  private static final String RUNS =
      """
      SELECT model, source, sample, length, accuracy,
        cross_entropy_without * length AS before, cross_entropy * length AS after,
        information_gain
      FROM series WHERE vectors = 1 ORDER BY ALL
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
    double highest = Arrays.stream(runs.numbers("after")).max().orElse(1);
    chart.reference("no gain", new double[] {0, most}, new double[] {0, most});
    double gain =
        runs.rows().stream()
            .filter(row -> (double) row.get(4) <= Run.DECODED)
            .mapToDouble(row -> (double) row.get(7))
            .average()
            .orElse(Double.NaN);
    if (!Double.isNaN(gain) && gain < most) {
      chart.reference(
          "reduction by " + Table.shown(gain) + " nats",
          new double[] {gain, most},
          new double[] {0, most - gain});
    }
    double threshold = losslessThreshold(runs);
    if (!Double.isNaN(threshold)) {
      chart.reference(
          "lossless up to " + Table.shown(threshold) + " nats",
          new double[] {threshold, threshold},
          new double[] {0, highest});
    }
    return Optional.of(
        new Figure(
            "figure3",
            "Cross-entropy before and after (Figures 3 and 6)",
            "Each point is a text. The line of constant reduction is fitted to the runs that are not"
                + " lossless; the vertical line is the threshold that tells best which texts are"
                + " lossless.",
            chart.svg(),
            runs));
  }

  /**
   * The cross-entropy without vectors that separates lossless texts from the others with the fewest
   * errors; NaN if all or none are lossless.
   */
  private static double losslessThreshold(Table runs) {
    List<Boolean> lossless = new ArrayList<>();
    double[] before = runs.numbers("before");
    for (double accuracy : runs.numbers("accuracy")) {
      lossless.add(accuracy > Run.DECODED);
    }
    if (!lossless.contains(true) || !lossless.contains(false)) {
      return Double.NaN;
    }
    double best = Double.NaN;
    long fewest = Long.MAX_VALUE;
    for (double threshold : before) {
      long errors =
          IntStream.range(0, before.length)
              .filter(i -> lossless.get(i) != (before[i] <= threshold))
              .count();
      if (errors < fewest) {
        fewest = errors;
        best = threshold;
      }
    }
    return best;
  }
}
