package dev.cram.bench;

import dev.cram.tensor.Precision;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** The options that {@code bench/run} passes: one case to be timed. */
record Options(Shape shape, int n, Precision precision, int threads, double seconds, Path models) {
  static Options of(String[] arguments) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      values.put(arguments[i], arguments[i + 1]);
    }
    return new Options(
        Shape.named(values.get("--shape")),
        Integer.parseInt(values.get("--n")),
        Precision.valueOf(values.get("--precision").toUpperCase(Locale.ROOT)),
        Integer.parseInt(values.get("--threads")),
        Double.parseDouble(values.get("--seconds")),
        Path.of(values.getOrDefault("--models", "bench/target/models")));
  }
}
