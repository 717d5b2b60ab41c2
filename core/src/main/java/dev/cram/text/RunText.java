package dev.cram.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The text of a run in parts, each from its own tokens alone.
 *
 * <p>A tokenizer may treat the first token of a text in its own way (dropping its blank, say), so
 * tokens from the middle of a run are decoded behind a token that is known, whose text is then
 * taken away. Whether that gives the part's text is checked when a file is made, and where it does
 * not, the text is not cut there.
 */
public final class RunText {
  /** A part longer than so many pieces is not worth another try to cut the text. */
  private static final int MOST_JOINED = 16;

  private final TextTokenizer tokenizer;
  private final int[] before;
  private final String textBefore;

  public RunText(TextTokenizer tokenizer) {
    this.tokenizer = tokenizer;
    before = tokenizer.encode("a");
    textBefore = tokenizer.decode(before);
  }

  /**
   * The text of tokens from the middle of a run, or from its beginning.
   *
   * @param first whether the run begins with them
   * @return UTF-8; what it is worth shows when it is compared
   */
  public byte[] of(int[] tokens, boolean first) {
    if (first) {
      return utf8(tokenizer.decode(tokens));
    }
    int[] behind = Arrays.copyOf(before, before.length + tokens.length);
    System.arraycopy(tokens, 0, behind, before.length, tokens.length);
    String text = tokenizer.decode(behind);
    return utf8(text.startsWith(textBefore) ? text.substring(textBefore.length()) : text);
  }

  /**
   * How many bytes of a run's text end with each of its parts.
   *
   * @param tokens of the run
   * @param lengths of the parts, in tokens
   * @return 0 where the text cannot be cut behind a part; its bytes count with those of a later
   *     one, at the latest the last
   */
  public int[] bytes(int[] tokens, int[] lengths) {
    byte[] text = of(tokens, true);
    int[] bytes = new int[lengths.length];
    int last = lengths.length - 1;
    int from = 0;
    int to = 0;
    int at = 0;
    int joined = 0;
    for (int part = 0; part <= last; part++) {
      to += lengths[part];
      if (joined++ < MOST_JOINED || part == last) {
        byte[] own = of(Arrays.copyOfRange(tokens, from, to), from == 0);
        boolean all = own.length == text.length - at;
        if (own.length > 0 && isAt(own, text, at) && all == (part == last)) {
          bytes[part] = own.length;
          at += own.length;
          from = to;
          joined = 0;
        }
      }
    }
    if (bytes[last] == 0) {
      // The end cannot be told by itself, so nothing before it can be trusted.
      Arrays.fill(bytes, 0);
      bytes[last] = text.length;
    }
    return bytes;
  }

  private static boolean isAt(byte[] own, byte[] text, int at) {
    return own.length <= text.length - at
        && Arrays.equals(own, 0, own.length, text, at, at + own.length);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
