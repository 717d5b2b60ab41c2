package dev.cram.text;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Tokenizers that lose text in the ways real ones do, one token per code point or word. */
final class FakeTokenizers {
  private FakeTokenizers() {}

  static final TextTokenizer LOSSLESS = codePoints(text -> text);

  static List<TextTokenizer> all() {
    return List.of(
        LOSSLESS,
        codePoints(text -> text.toLowerCase(Locale.ROOT)),
        codePoints(text -> text.replace("e", "")),
        codePoints(text -> text.replace("\r\n", "\n")),
        codePoints(text -> java.text.Normalizer.normalize(text, java.text.Normalizer.Form.NFC)),
        codePoints(String::strip),
        codePoints(text -> " " + text),
        codePoints(text -> ""),
        codePoints(text -> text.length() > 20 ? text + "!" : text),
        codePoints(text -> text.length() % 2 == 0 ? text : text + text),
        codePoints(text -> text.replace("<|endoftext|>", "")),
        codePoints(text -> text.codePoints().allMatch(c -> c < 0x80) ? text : "\uD800"),
        words());
  }

  /** Carries what the normalisation leaves as it is. */
  static TextTokenizer codePoints(UnaryOperator<String> normalise) {
    return new TextTokenizer() {
      @Override
      public int[] encode(String text) {
        return normalise.apply(text).codePoints().toArray();
      }

      @Override
      public String decode(int[] tokens) {
        return new String(tokens, 0, tokens.length);
      }
    };
  }

  /** A whole-word vocabulary of a few words; everything else becomes an unknown token. */
  private static TextTokenizer words() {
    List<String> vocabulary = List.of("<unk>", "a", "the", "cat", "sat", "on", "mat", "");
    Map<String, Integer> ids = new HashMap<>();
    vocabulary.forEach(word -> ids.put(word, ids.size()));
    return new TextTokenizer() {
      @Override
      public int[] encode(String text) {
        return Arrays.stream(text.split(" ", -1)).mapToInt(w -> ids.getOrDefault(w, 0)).toArray();
      }

      @Override
      public String decode(int[] tokens) {
        return String.join(" ", Arrays.stream(tokens).mapToObj(vocabulary::get).toList());
      }
    };
  }
}
