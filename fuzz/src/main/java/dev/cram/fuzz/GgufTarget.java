package dev.cram.fuzz;

import dev.cram.lm.files.gguf.GgufModel;
import java.nio.file.Path;

/** GGUF files: header, config, weights, and the tokenizer that is made of their metadata. */
public final class GgufTarget {
  private static final Path FILE = Guard.folder("cram-fuzz-gguf").resolve("model.gguf");

  private GgufTarget() {}

  /** Called by the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    Guard.write(FILE, data);
    Guard.run(() -> {
      GgufModel model = GgufModel.open(FILE);
      try {
        Guard.run(model::tokenizerJson);
        Guard.run(() -> model.weights().fingerprint());
        for (String name : model.weights().names()) {
          Guard.run(() -> model.weights().vector(name, 1));
        }
      } finally {
        model.weights().close();
      }
    });
    Guard.run(() -> dev.cram.lm.ModelSummary.of(new dev.cram.lm.files.ModelLocation("x", FILE)));
  }
}
