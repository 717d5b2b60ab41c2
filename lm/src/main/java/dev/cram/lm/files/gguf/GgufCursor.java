package dev.cram.lm.files.gguf;

import dev.cram.lm.InputException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads the little-endian fields of a GGUF header one after the other, never beyond its end. */
final class GgufCursor {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** No key, name or template comes near this; a damaged length does. */
  private static final long MAX_STRING_BYTES = 64 << 20;

  private final String file;
  private final MemorySegment bytes;
  private long at;

  GgufCursor(String file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  String file() {
    return file;
  }

  /** Bytes read so far. */
  long position() {
    return at;
  }

  /** The bytes from a position to here. */
  MemorySegment since(long from) {
    return bytes.asSlice(from, at - from);
  }

  byte int8() {
    return bytes.get(ValueLayout.JAVA_BYTE, take(1));
  }

  short int16() {
    return bytes.get(SHORT, take(2));
  }

  int int32() {
    return bytes.get(INT, take(4));
  }

  long int64() {
    return bytes.get(LONG, take(8));
  }

  /**
   * How many things follow.
   *
   * @param leastBytes what each of them takes at least
   */
  long count(String things, int leastBytes) {
    long count = int64();
    long left = bytes.byteSize() - at;
    if (count < 0 || count > left / leastBytes) {
      throw damaged(
          "claims "
              + Long.toUnsignedString(count)
              + " "
              + things
              + ", more than the "
              + left
              + " bytes that follow can hold");
    }
    return count;
  }

  String string(String what) {
    byte[] utf8 = skipString(what).toArray(ValueLayout.JAVA_BYTE);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw damaged(what + " is not valid UTF-8");
    }
  }

  /** Passes a string by and gives its bytes. */
  MemorySegment skipString(String what) {
    long length = int64();
    long left = bytes.byteSize() - at;
    if (length < 0 || length > left || length > MAX_STRING_BYTES) {
      throw damaged(
          what
              + " claims "
              + Long.toUnsignedString(length)
              + " bytes, but "
              + (length >= 0 && length <= left
                  ? "at most " + MAX_STRING_BYTES + " are allowed"
                  : "only " + left + " follow"));
    }
    long from = take(length);
    return bytes.asSlice(from, length);
  }

  void skip(long count) {
    take(count);
  }

  private long take(long count) {
    if (count > bytes.byteSize() - at) {
      throw damaged("ends within its header");
    }
    long from = at;
    at += count;
    return from;
  }

  InputException damaged(String what) {
    return new InputException(
        file + ": " + what + "; this is no GGUF file or it is damaged: download it again");
  }
}
