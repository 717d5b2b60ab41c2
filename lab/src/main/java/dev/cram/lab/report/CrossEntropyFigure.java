package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import dev.cram.lab.run.Run;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.DoubleStream;
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
    double[] before = runs.numbers("before");
    double[] accuracy = runs.numbers("accuracy");
    int[] order =
        IntStream.range(0, before.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> before[i]))
            .mapToInt(i -> i)
            .toArray();
    int lossless = (int) DoubleStream.of(accuracy).filter(a -> a > Run.DECODED).count();
    if (lossless == 0 || lossless == before.length) {
      return Double.NaN;
    }
    // As yet all are said to be lossy.
    int errors = lossless;
    int fewest = Integer.MAX_VALUE;
    double best = Double.NaN;
    for (int i = 0; i < order.length; i++) {
      errors += accuracy[order[i]] > Run.DECODED ? -1 : 1;
      boolean isLastOfAlike = i + 1 == order.length || before[order[i + 1]] > before[order[i]];
      if (isLastOfAlike && errors < fewest) {
        fewest = errors;
        best = before[order[i]];
      }
    }
    return best;
  }
}
