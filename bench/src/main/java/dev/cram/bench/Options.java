package dev.cram.bench;

import dev.cram.tensor.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The options that {@code bench/run} passes: the cases of one model and precision. */
record Options(Shape shape, Precision precision, List<Case> cases, double seconds, Path models) {
  /**
   * One case to be timed.
   *
   * @param n tokens of the text
   * @param vectors K
   */
  record Case(int n, int vectors, int threads) {
    /** The input rows of a step whose first token is given: the last token has none. */
    int rows() {
      return vectors + n - 1;
    }
  }

  static Options of(String[] arguments) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      values.put(arguments[i], arguments[i + 1]);
    }
    List<Case> cases = new ArrayList<>();
    for (int threads : numbers(values.getOrDefault("--threads", "1"))) {
      for (int vectors : numbers(values.getOrDefault("--vectors", "1"))) {
        for (int n : numbers(values.getOrDefault("--n", "64"))) {
          cases.add(new Case(n, vectors, threads));
        }
      }
    }
    return new Options(
        Shape.named(values.get("--shape")),
        Precision.valueOf(values.get("--precision").toUpperCase(Locale.ROOT)),
        cases,
        Double.parseDouble(values.getOrDefault("--seconds", "3")),
        Path.of(values.getOrDefault("--models", "bench/target/models")));
  }

  /** Of all cases. */
  int mostThreads() {
    return cases.stream().mapToInt(Case::threads).max().orElseThrow();
  }

  private static int[] numbers(String list) {
    return Arrays.stream(list.trim().split("\\s+")).mapToInt(Integer::parseInt).toArray();
  }

  /** The beginning of a line of JSON about a case. */
  String json(String engine, Case of) {
    return String.format(
        Locale.ROOT,
        "{\"engine\": \"%s\", \"shape\": \"%s\", \"n\": %d, \"vectors\": %d, \"precision\": \"%s\","
            + " \"threads\": %d",
        engine,
        shape.id(),
        of.n(),
        of.vectors(),
        precision.name().toLowerCase(Locale.ROOT),
        of.threads());
  }
}
