package dev.cram.fuzz;

import dev.cram.lm.Tokenizer;

/** A tokenizer.json. */
public final class TokenizerTarget {
  private TokenizerTarget() {}

  /** Called by the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    Guard.run(() -> {
      try (Tokenizer tokenizer = Tokenizer.of("x", data)) {
        tokenizer.decode(tokenizer.encode("A text, \u9580."));
      }
    });
  }
}
