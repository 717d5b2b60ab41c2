package dev.cram.fuzz;

import dev.cram.lm.CausalLm;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The config.json of a model, with the weights of a small Llama beside it. */
public final class ConfigTarget {
  private static final Path FOLDER = Models.copyOf("llama", "config.json");
  private static final Workers WORKERS = new Workers(1);

  private ConfigTarget() {}

  /** Called by the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    Guard.write(FOLDER.resolve("config.json"), data);
    Guard.run(() -> CausalLm.open(FOLDER.toString(), Precision.F32, WORKERS).close());
  }

  /** Where the small models of the tests are. */
  static final class Models {
    private Models() {}

    static Path copyOf(String model, String... without) {
      Path folder = Guard.folder("cram-fuzz-" + model);
      Path from =
          Path.of(System.getProperty("cram.root", "."), "lm/src/test/resources/fixtures", model);
      try {
        for (String file : new String[] {"config.json", "model.safetensors", "tokenizer.json"}) {
          if (!java.util.List.of(without).contains(file)) {
            Files.copy(from.resolve(file), folder.resolve(file));
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return folder;
    }
  }
}
