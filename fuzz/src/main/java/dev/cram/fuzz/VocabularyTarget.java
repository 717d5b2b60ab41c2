package dev.cram.fuzz;

import dev.cram.lm.files.ModelFiles;
import java.nio.file.Path;
import java.util.Arrays;

/** GPT-2's vocab.json and merges.txt: what stands before the first zero byte, and behind it. */
public final class VocabularyTarget {
  private static final Path FOLDER = Guard.copyOf("llama", "tokenizer.json");

  private VocabularyTarget() {}

  /** Called by the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    int end = 0;
    while (end < data.length && data[end] != 0) {
      end++;
    }
    Guard.write(FOLDER.resolve("vocab.json"), Arrays.copyOf(data, end));
    Guard.write(
        FOLDER.resolve("merges.txt"),
        Arrays.copyOfRange(data, Math.min(data.length, end + 1), data.length));
    Guard.run(() -> {
      try (ModelFiles files = ModelFiles.open(FOLDER.toString())) {
        int[] tokens = files.tokenizer().encode("A text, \u9580.");
        files.tokenizer().decode(tokens);
      }
    });
  }
}
