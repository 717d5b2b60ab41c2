package dev.cram.text;

import java.util.Arrays;

/** Where a text is best cut: after a line, else before a blank, else between two characters. */
final class Cuts {
  private Cuts() {}

  /**
   * The ends of {@code parts} parts of about equal size that cover {@code [from, to)}; fewer where
   * two ends would coincide.
   *
   * <p>An end lies at most half a part's size from where equal parts would end, so that a part is
   * at most twice an equal part and cutting again and again comes to an end quickly.
   *
   * @param bytes well-formed UTF-8 between {@code from} and {@code to}
   */
  static int[] ends(byte[] bytes, int from, int to, int parts) {
    long length = to - from;
    int reach = (int) (length / parts / 2);
    int[] ends = new int[parts];
    int count = 0;
    int last = from;
    for (int i = 1; i < parts; i++) {
      int cut = near(bytes, from, to, from + (int) (length * i / parts), reach);
      if (cut > last && cut < to) {
        ends[count++] = cut;
        last = cut;
      }
    }
    ends[count++] = to;
    return Arrays.copyOf(ends, count);
  }

  /**
   * A place to cut within {@code reach} bytes of {@code target}, above {@code from}.
   *
   * @param target between {@code from} and {@code to}
   */
  static int near(byte[] bytes, int from, int to, int target, int reach) {
    for (int distance = 0; distance < reach; distance++) {
      if (isAfterLine(bytes, from, target - distance)) {
        return target - distance;
      }
      if (target + distance < to && isAfterLine(bytes, from, target + distance)) {
        return target + distance;
      }
    }
    for (int distance = 0; distance < reach; distance++) {
      if (isBeforeBlank(bytes, from, target - distance)) {
        return target - distance;
      }
      if (target + distance < to && isBeforeBlank(bytes, from, target + distance)) {
        return target + distance;
      }
    }
    int cut = target;
    while (cut > from && target - cut < Utf8.LONGEST && Utf8.isContinuation(bytes[cut])) {
      cut--;
    }
    return target - cut == Utf8.LONGEST || cut == from ? target : cut;
  }

  private static boolean isAfterLine(byte[] bytes, int from, int at) {
    return at > from && bytes[at - 1] == '\n';
  }

  /** Byte-level BPE and SentencePiece vocabularies hold words with the blank in front of them. */
  private static boolean isBeforeBlank(byte[] bytes, int from, int at) {
    return at > from && (bytes[at] == ' ' || bytes[at] == '\t') && bytes[at - 1] != bytes[at];
  }
}
