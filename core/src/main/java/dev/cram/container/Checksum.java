package dev.cram.container;

import dev.cram.lm.files.Sha256;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * The checksum of a whole file: SHA-256 over all of its bytes, first to last, with the 64 digits of
 * the checksum itself replaced by the character {@code 0}.
 *
 * <p>So every byte is covered, also the header's length, padding and punctuation, and nothing has
 * to be brought into a canonical order first.
 */
final class Checksum {
  /** What stands in place of the checksum while it is computed. */
  static final String BLANK = "0".repeat(64);

  /** A slice that a byte buffer can span. */
  private static final long SLICE_BYTES = 1L << 30;

  private Checksum() {}

  /**
   * Tells whether {@code digits}, as they stand in the header, are the checksum of {@code file}.
   *
   * @param file all bytes of a safetensors file whose header is known to lie within it
   * @param digits the value of {@link Layout#KEY_CHECKSUM}
   */
  static boolean matches(MemorySegment file, long headerEnd, String digits) {
    if (!digits.matches("[0-9a-f]{64}")) {
      return false;
    }
    String header =
        new String(
            file.asSlice(0, headerEnd).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.ISO_8859_1);
    String quoted = '"' + digits + '"';
    int at = header.indexOf(quoted) + 1;
    if (at == 0 || header.indexOf(quoted, at) >= 0) {
      return false;
    }
    MessageDigest sha256 = Sha256.digest();
    update(sha256, file.asSlice(0, at));
    sha256.update(BLANK.getBytes(StandardCharsets.US_ASCII));
    update(sha256, file.asSlice(at + digits.length()));
    return Sha256.hex(sha256).equals(digits);
  }

  private static void update(MessageDigest sha256, MemorySegment bytes) {
    for (long at = 0; at < bytes.byteSize(); at += SLICE_BYTES) {
      long count = Math.min(SLICE_BYTES, bytes.byteSize() - at);
      sha256.update(bytes.asSlice(at, count).asByteBuffer());
    }
  }
}
