package dev.cram.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the parts of a text that survive their tokenizer, {@code
 * decode(encode(text)).equals(text)}.
 *
 * <p>A text that does not survive as a whole is cut into {@value #PARTS} parts, those that do not
 * survive again, down to {@value #SMALLEST_BYTES} bytes: one bad character in a megabyte costs
 * about 2.1 times the work of encoding it once, and a text that survives nowhere 5 times.
 * Neighbours that survive are then joined again, which is verified like everything else, because a
 * tokenizer may carry two parts and not the two together. That halves the parts until it succeeds,
 * at most 16 times.
 */
final class SurvivingText {
  private static final int PARTS = 16;
  private static final int SMALLEST_BYTES = 16;

  /** Bytes {@code [from, to)}; {@code tokens} is null where the stretch does not survive. */
  record Stretch(int from, int to, int[] tokens) {
    boolean survives() {
      return tokens != null;
    }
  }

  private final byte[] bytes;
  private final TextTokenizer tokenizer;

  SurvivingText(byte[] bytes, TextTokenizer tokenizer) {
    this.bytes = bytes;
    this.tokenizer = tokenizer;
  }

  /**
   * Covers {@code [from, to)}, which is well-formed UTF-8 and not empty, with stretches in order.
   */
  List<Stretch> find(int from, int to) {
    List<Stretch> found = new ArrayList<>();
    find(from, to, found);
    List<Stretch> joined = new ArrayList<>();
    int at = 0;
    while (at < found.size()) {
      int end = at;
      while (end < found.size() && found.get(end).survives()) {
        end++;
      }
      if (end > at) {
        join(found.subList(at, end), joined);
        at = end;
      } else {
        joined.add(found.get(at++));
      }
    }
    return joined;
  }

  private void find(int from, int to, List<Stretch> found) {
    Stretch whole = encode(from, to);
    int parts = Math.min(PARTS, Math.ceilDiv(to - from, SMALLEST_BYTES));
    if (whole.survives() || parts < 2) {
      found.add(whole);
      return;
    }
    int start = from;
    for (int end : Cuts.ends(bytes, from, to, parts)) {
      find(start, end, found);
      start = end;
    }
  }

  private void join(List<Stretch> parts, List<Stretch> joined) {
    if (parts.size() == 1) {
      joined.add(parts.getFirst());
      return;
    }
    Stretch whole = encode(parts.getFirst().from(), parts.getLast().to());
    if (whole.survives()) {
      joined.add(whole);
      return;
    }
    int half = parts.size() / 2;
    join(parts.subList(0, half), joined);
    join(parts.subList(half, parts.size()), joined);
  }

  private Stretch encode(int from, int to) {
    String text = new String(bytes, from, to - from, StandardCharsets.UTF_8);
    int[] tokens = tokenizer.encode(text);
    boolean survives = tokens.length > 0 && tokenizer.decode(tokens).equals(text);
    return new Stretch(from, to, survives ? tokens : null);
  }
}
