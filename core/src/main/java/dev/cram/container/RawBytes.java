package dev.cram.container;

import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** The raw bytes of a file in zlib's format (RFC 1950), where that is smaller. */
final class RawBytes {
  /** Deflate turns one byte into at most 1032 (a match of 258 bytes takes at least 2 bits). */
  private static final long MAX_RATIO = 1032;

  private RawBytes() {}

  /** The bytes in zlib's format, or null unless that is smaller. */
  static byte[] deflate(byte[] bytes) {
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
    try {
      deflater.setInput(bytes);
      deflater.finish();
      byte[] smaller = new byte[Math.max(0, bytes.length - 1)];
      int length = deflater.deflate(smaller);
      return deflater.finished() ? Arrays.copyOf(smaller, length) : null;
    } finally {
      deflater.end();
    }
  }

  /**
   * Inflates to exactly {@code length} bytes; never allocates more than that, nor more than {@code
   * deflated} can possibly hold.
   *
   * @return the bytes, or null if {@code deflated} is anything but a zlib stream of that length
   */
  static byte[] inflate(byte[] deflated, long length) {
    if (length > deflated.length * MAX_RATIO || length > Integer.MAX_VALUE - 8) {
      return null;
    }
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(deflated);
      byte[] bytes = new byte[(int) length];
      int at = 0;
      // One byte more than expected is enough to see that there is too much.
      byte[] overflow = new byte[1];
      while (!inflater.finished()) {
        int count =
            at < bytes.length
                ? inflater.inflate(bytes, at, bytes.length - at)
                : inflater.inflate(overflow);
        if (at == bytes.length && count > 0) {
          return null;
        }
        if (count == 0 && !inflater.finished()) {
          return null;
        }
        at += count;
      }
      return at == bytes.length && inflater.getRemaining() == 0 ? bytes : null;
    } catch (DataFormatException e) {
      return null;
    } finally {
      inflater.end();
    }
  }
}
