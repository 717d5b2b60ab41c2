package dev.cram.fuzz;

import dev.cram.lm.CausalLm;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.nio.file.Path;

/** The config.json of a model, with the weights of a small Llama beside it. */
public final class ConfigTarget {
  private static final Path FOLDER = Guard.copyOf("llama", "config.json");
  private static final Workers WORKERS = new Workers(1);

  private ConfigTarget() {}

  /** Called by the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    Guard.write(FOLDER.resolve("config.json"), data);
    Guard.run(() -> CausalLm.open(FOLDER.toString(), Precision.F32, WORKERS).close());
  }
}
