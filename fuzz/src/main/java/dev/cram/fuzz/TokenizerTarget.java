package dev.cram.fuzz;

import dev.cram.lm.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** A tokenizer.json, and texts and tokens that it is then given. */
public final class TokenizerTarget {
  private static final List<String> TEXTS =
      List.of("A text, \u9580.", "", "  Xx\u0301\n\n<0x41></s>e", "text".repeat(30));

  /**
   * What a tokenizer.json of the corpus looks for. The native library runs whatever expression it
   * is given and does not survive each, see SECURITY.md, so the others are left out.
   */
  private static final Set<String> EXPRESSIONS =
      Set.of(" {2,}", "\\\\p{N}+|x", "\\\\s+(?!\\\\S)|\\\\p{L}+");

  private static final Pattern EXPRESSION = Pattern.compile("\"Regex\"\\s*:\\s*\"([^\"]*)");

  private TokenizerTarget() {}

  /** Called by the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    String json = new String(data, StandardCharsets.UTF_8);
    if (!EXPRESSION
        .matcher(json)
        .results()
        .allMatch(found -> EXPRESSIONS.contains(found.group(1)))) {
      return;
    }
    Guard.run(() -> {
      try (Tokenizer tokenizer = Tokenizer.of("x", data)) {
        TEXTS.forEach(text -> tokenizer.decode(tokenizer.encode(text)));
        for (int id = 0; id < Math.min(tokenizer.vocabularySize(), 20); id++) {
          tokenizer.token(id);
        }
      }
    });
  }
}
