package dev.cram.text;

/**
 * Well-formed UTF-8 as in the Unicode Standard, table 3-7: no overlong forms, no surrogates,
 * nothing above U+10FFFF.
 */
final class Utf8 {
  /** Bytes of the longest character. */
  static final int LONGEST = 4;

  private Utf8() {}

  /** The end of the longest well-formed stretch that starts at {@code from}. */
  static int validUntil(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length) {
      int length = characterLength(bytes, at);
      if (length == 0) {
        return at;
      }
      at += length;
    }
    return at;
  }

  /** The bytes of the well-formed character at {@code at}, 1 to 4, or 0 if there is none. */
  static int characterLength(byte[] bytes, int at) {
    int lead = bytes[at] & 0xFF;
    if (lead < 0x80) {
      return 1;
    }
    int length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (length == 0 || at + length > bytes.length) {
      return 0;
    }
    int lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    int highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    int second = bytes[at + 1] & 0xFF;
    if (second < lowest || second > highest) {
      return 0;
    }
    for (int i = 2; i < length; i++) {
      if (!isContinuation(bytes[at + i])) {
        return 0;
      }
    }
    return length;
  }

  static boolean isContinuation(byte b) {
    return (b & 0xC0) == 0x80;
  }
}
