package dev.cram.container;

/**
 * The numbers that an element of a vector of few bits can be: the odd multiples {@code -(2^bits -
 * 1) .. 2^bits - 1} of its vector's scale, {@code 2^bits} of them, numbered by codes from 0 on.
 */
public final class Grid {
  /** Bits of an element that is stored as it is. */
  public static final int FLOAT_BITS = 32;

  private static final int MANY_BITS = 5;

  /** With more bits than the scale itself has, a scale that is rounded down costs too much. */
  private static final int MORE_THAN_A_SCALE = 8;

  private static final float LONGER = 1 + 1 / 255f;
  private static final float LEAST_CLIP = 0.5f;
  private static final float CLIP_STEP = 0.05f;

  private Grid() {}

  /**
   * Whether vectors can be stored with so many bits an element: 3, 4, 6, 8, 16, or 32 for floats.
   */
  public static boolean supports(int bits) {
    return bits == 3 || bits == 4 || bits == 6 || bits == 8 || bits == 16 || bits == FLOAT_BITS;
  }

  /** The value of a code. */
  public static float value(int code, float scale, int bits) {
    return scale * (2 * code + 1 - (1 << bits));
  }

  /** The code whose value is nearest. */
  public static int code(float value, float scale, int bits) {
    int most = (1 << bits) - 1;
    return Math.clamp((int) Math.floor((value / scale + most + 1) / 2), 0, most);
  }

  /**
   * A scale for a vector, small in mean square error, that takes 16 bits itself (bfloat16).
   *
   * <p>With few bits it is better to clip the largest elements than to spread the grid over them.
   *
   * @param values the vector is {@code values[from .. from + width)}
   * @return above 0
   */
  public static float scale(float[] values, int from, int width, int bits) {
    float largest = Float.MIN_NORMAL;
    for (int i = from; i < from + width; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
    }
    float full = largest / ((1 << bits) - 1);
    if (bits > MORE_THAN_A_SCALE) {
      return shortened(full * LONGER);
    }
    if (bits > MANY_BITS) {
      return shortened(full);
    }
    float best = shortened(full);
    double least = error(values, from, width, best, bits);
    for (float clip = 1 - CLIP_STEP; clip >= LEAST_CLIP; clip -= CLIP_STEP) {
      float scale = shortened(full * clip);
      double error = error(values, from, width, scale, bits);
      if (error < least) {
        least = error;
        best = scale;
      }
    }
    return best;
  }

  private static double error(float[] values, int from, int width, float scale, int bits) {
    double sum = 0;
    for (int i = from; i < from + width; i++) {
      double d = values[i] - value(code(values[i], scale, bits), scale, bits);
      sum += d * d;
    }
    return sum;
  }

  /** The nearest bfloat16 that is finite and above 0. */
  private static float shortened(float scale) {
    int bits = Float.floatToRawIntBits(Math.clamp(scale, Float.MIN_NORMAL, 1e38f));
    return Float.intBitsToFloat((bits + 0x7FFF + (bits >>> 16 & 1)) & 0xFFFF0000);
  }

  /** Bytes that the codes of a vector take. */
  static int packedBytes(int width, int bits) {
    return (int) Math.ceilDiv((long) width * bits, 8L);
  }

  /**
   * Writes codes one after the other, each from its lowest bit on, into bytes from their lowest bit
   * on.
   */
  static byte[] pack(float[] values, int from, int width, float scale, int bits) {
    byte[] packed = new byte[packedBytes(width, bits)];
    for (int i = 0; i < width; i++) {
      int code = code(values[from + i], scale, bits);
      long at = (long) i * bits;
      int shifted = code << (at & 7);
      int index = (int) (at >> 3);
      packed[index] |= (byte) shifted;
      if (shifted > 0xFF) {
        packed[index + 1] |= (byte) (shifted >> 8);
      }
    }
    return packed;
  }

  /** The inverse of {@link #pack}, into {@code values[from .. from + width)}. */
  static void unpack(
      byte[] packed, int at, int width, float scale, int bits, float[] values, int from) {
    int mask = (1 << bits) - 1;
    for (int i = 0; i < width; i++) {
      long bit = (long) i * bits;
      int index = at + (int) (bit >> 3);
      int code = (packed[index] & 0xFF) >> (bit & 7);
      if ((bit & 7) + bits > 8) {
        code |= (packed[index + 1] & 0xFF) << (8 - (bit & 7));
      }
      values[from + i] = value(code & mask, scale, bits);
    }
  }
}
