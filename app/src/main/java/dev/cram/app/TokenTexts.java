package dev.cram.app;

import dev.cram.lm.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The part of a text that each of its tokens stands for. */
final class TokenTexts {
  private static final char INCOMPLETE = '\ufffd';

  private TokenTexts() {}

  /**
   * One string a token, which together make the text. A character that several tokens spell belongs
   * to the last of them.
   */
  static List<String> of(Tokenizer tokenizer, int[] tokens) {
    List<String> texts = new ArrayList<>();
    String text = tokenizer.decode(tokens);
    int at = 0;
    for (int i = 1; i < tokens.length; i++) {
      String prefix = tokenizer.decode(Arrays.copyOf(tokens, i));
      int end = prefix.length();
      while (end > at && prefix.charAt(end - 1) == INCOMPLETE) {
        end--;
      }
      end = Math.clamp(end, at, text.length());
      texts.add(text.substring(at, end));
      at = end;
    }
    texts.add(text.substring(at));
    return texts;
  }
}
