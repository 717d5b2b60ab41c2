package dev.cram.lm.files;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Turns the stored elements of a weight into float32, exactly, and finds those that are not finite.
 *
 * <p>A bfloat16 is the upper half of a float32. The loops over heap arrays are plain because the
 * compiler vectorises them soon after the start: explicit vector code runs interpreted at first,
 * which costs a small model more time than all its weights are worth.
 */
final class FloatDecoder {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int CHUNK = 4096;

  private static final int MAGNITUDE = 0x7fff_ffff;
  private static final int INFINITY = 0x7f80_0000;

  private FloatDecoder() {}

  /** Whether elements of that type can be decoded. */
  static boolean decodes(DType dtype) {
    return dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
  }

  /**
   * Decodes all elements of {@code source} to native float32 in {@code target}, which holds 4 bytes
   * for each.
   *
   * <p>Stops after the chunk with the first element that is not finite.
   *
   * @return the index of the first element that is infinite or not a number, or -1
   */
  static long decode(DType dtype, MemorySegment source, MemorySegment target) {
    short[] shorts = new short[CHUNK];
    int[] bits = new int[CHUNK];
    long count = source.byteSize() / dtype.bytes();
    for (long at = 0; at < count; at += CHUNK) {
      int size = (int) Math.min(CHUNK, count - at);
      if (dtype == DType.F32) {
        MemorySegment.copy(source, INT, 4 * at, bits, 0, size);
      } else {
        MemorySegment.copy(source, SHORT, 2 * at, shorts, 0, size);
      }
      switch (dtype) {
        case F32 -> {}
        case BF16 -> decodeBf16(shorts, bits, size);
        case F16 -> decodeF16(shorts, bits, size);
        default -> throw new IllegalArgumentException(dtype + " is no weight format");
      }
      MemorySegment.copy(bits, 0, target, ValueLayout.JAVA_INT_UNALIGNED, 4 * at, size);
      // The magnitudes of finite floats are below that of infinity also when compared as integers.
      if (largestMagnitude(bits, size) >= INFINITY) {
        return at + firstNotFinite(bits);
      }
    }
    return -1;
  }

  private static void decodeBf16(short[] values, int[] bits, int size) {
    for (int i = 0; i < size; i++) {
      bits[i] = values[i] << 16;
    }
  }

  private static void decodeF16(short[] values, int[] bits, int size) {
    for (int i = 0; i < size; i++) {
      bits[i] = Float.floatToRawIntBits(Float.float16ToFloat(values[i]));
    }
  }

  private static int largestMagnitude(int[] bits, int size) {
    int largest = 0;
    for (int i = 0; i < size; i++) {
      largest = Math.max(largest, bits[i] & MAGNITUDE);
    }
    return largest;
  }

  private static int firstNotFinite(int[] bits) {
    int i = 0;
    while ((bits[i] & MAGNITUDE) < INFINITY) {
      i++;
    }
    return i;
  }
}
