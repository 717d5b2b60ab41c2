package dev.cram.lm.files.gguf;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Turns rows of a GGUF tensor into float32, rounding as ggml's own reference does.
 *
 * <p>A quantised row is a sequence of blocks. In the older formats a block has 32 elements with one
 * scale (and, in Q4_1 and Q5_1, one minimum); in the "K" formats 256 elements in groups of 16 or 32
 * with small integer scales of their own. The loops are plain because the compiler vectorises them
 * soon after the start.
 */
final class Dequantiser {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private Dequantiser() {}

  /**
   * Decodes whole blocks.
   *
   * @param source the blocks' bytes, from its beginning
   * @param target receives the elements
   * @param elements how many, a multiple of the type's block
   */
  static void decode(GgufType type, byte[] source, float[] target, int elements) {
    if (type.blockElements() == 1) {
      switch (type) {
        case F32 -> f32(source, target, elements);
        case F16 -> f16(source, target, elements);
        default -> bf16(source, target, elements);
      }
      return;
    }
    int at = 0;
    for (int to = 0; to < elements; to += type.blockElements()) {
      switch (type) {
        case Q4_0 -> q4_0(source, at, target, to);
        case Q4_1 -> q4_1(source, at, target, to);
        case Q5_0 -> q5_0(source, at, target, to);
        case Q5_1 -> q5_1(source, at, target, to);
        case Q8_0 -> q8_0(source, at, target, to);
        case Q4_K -> q4K(source, at, target, to);
        case Q5_K -> q5K(source, at, target, to);
        case Q6_K -> q6K(source, at, target, to);
        default -> throw new IllegalArgumentException(type + " has no blocks");
      }
      at += type.blockBytes();
    }
  }

  private static float half(byte[] source, int at) {
    return Float.float16ToFloat((short) SHORT.get(source, at));
  }

  private static void f32(byte[] source, float[] target, int elements) {
    for (int i = 0; i < elements; i++) {
      target[i] = Float.intBitsToFloat((int) INT.get(source, 4 * i));
    }
  }

  private static void f16(byte[] source, float[] target, int elements) {
    for (int i = 0; i < elements; i++) {
      target[i] = half(source, 2 * i);
    }
  }

  private static void bf16(byte[] source, float[] target, int elements) {
    for (int i = 0; i < elements; i++) {
      target[i] = Float.intBitsToFloat((short) SHORT.get(source, 2 * i) << 16);
    }
  }

  /** Scale, 16 bytes of two 4-bit numbers each: elements 0 to 15 in the low halves. */
  private static void q4_0(byte[] source, int at, float[] target, int to) {
    float scale = half(source, at);
    for (int i = 0; i < 16; i++) {
      int pair = source[at + 2 + i];
      target[to + i] = scale * ((pair & 15) - 8);
      target[to + 16 + i] = scale * ((pair >> 4 & 15) - 8);
    }
  }

  /** Scale, minimum, numbers as in Q4_0. */
  private static void q4_1(byte[] source, int at, float[] target, int to) {
    float scale = half(source, at);
    float minimum = half(source, at + 2);
    for (int i = 0; i < 16; i++) {
      int pair = source[at + 4 + i];
      target[to + i] = scale * (pair & 15) + minimum;
      target[to + 16 + i] = scale * (pair >> 4 & 15) + minimum;
    }
  }

  /** Scale, the fifth bits of all 32 numbers, their low four bits as in Q4_0. */
  private static void q5_0(byte[] source, int at, float[] target, int to) {
    float scale = half(source, at);
    int high = (int) INT.get(source, at + 2);
    for (int i = 0; i < 16; i++) {
      int pair = source[at + 6 + i];
      target[to + i] = scale * ((pair & 15 | (high >> i & 1) << 4) - 16);
      target[to + 16 + i] = scale * ((pair >> 4 & 15 | (high >> 16 + i & 1) << 4) - 16);
    }
  }

  /** Scale, minimum, numbers as in Q5_0. */
  private static void q5_1(byte[] source, int at, float[] target, int to) {
    float scale = half(source, at);
    float minimum = half(source, at + 2);
    int high = (int) INT.get(source, at + 4);
    for (int i = 0; i < 16; i++) {
      int pair = source[at + 8 + i];
      target[to + i] = scale * (pair & 15 | (high >> i & 1) << 4) + minimum;
      target[to + 16 + i] = scale * (pair >> 4 & 15 | (high >> 16 + i & 1) << 4) + minimum;
    }
  }

  /** Scale, 32 signed bytes. */
  private static void q8_0(byte[] source, int at, float[] target, int to) {
    float scale = half(source, at);
    for (int i = 0; i < 32; i++) {
      target[to + i] = scale * source[at + 2 + i];
    }
  }

  /**
   * Scale of scales, scale of minima, 12 bytes of eight 6-bit scales and minima, 128 bytes of two
   * 4-bit numbers each: of every 32 bytes the low halves are one group, the high halves the next.
   */
  private static void q4K(byte[] source, int at, float[] target, int to) {
    float scales = half(source, at);
    float minima = half(source, at + 2);
    for (int group = 0; group < 8; group++) {
      float scale = scales * scale6(source, at + 4, group);
      float minimum = minima * minimum6(source, at + 4, group);
      int numbers = at + 16 + group / 2 * 32;
      int shift = group % 2 * 4;
      for (int i = 0; i < 32; i++) {
        target[to + 32 * group + i] = scale * (source[numbers + i] >> shift & 15) - minimum;
      }
    }
  }

  /** As Q4_K, with 32 bytes of fifth bits, bit g for group g, between scales and numbers. */
  private static void q5K(byte[] source, int at, float[] target, int to) {
    float scales = half(source, at);
    float minima = half(source, at + 2);
    for (int group = 0; group < 8; group++) {
      float scale = scales * scale6(source, at + 4, group);
      float minimum = minima * minimum6(source, at + 4, group);
      int numbers = at + 48 + group / 2 * 32;
      int shift = group % 2 * 4;
      for (int i = 0; i < 32; i++) {
        int low = source[numbers + i] >> shift & 15;
        int high = source[at + 16 + i] >> group & 1;
        target[to + 32 * group + i] = scale * (low | high << 4) - minimum;
      }
    }
  }

  /** Groups 0 to 3 have their own byte; 4 to 7 take four bits there and two of an earlier byte. */
  private static int scale6(byte[] source, int at, int group) {
    return group < 4
        ? source[at + group] & 63
        : source[at + 4 + group] & 15 | (source[at + group - 4] >> 6 & 3) << 4;
  }

  private static int minimum6(byte[] source, int at, int group) {
    return group < 4
        ? source[at + 4 + group] & 63
        : source[at + 4 + group] >> 4 & 15 | (source[at + group] >> 6 & 3) << 4;
  }

  /**
   * 128 bytes with the low four bits of all numbers, 64 bytes with their upper two, 16 signed
   * scales of 16 elements each, scale of scales. Each half of the block has four groups of 32.
   */
  private static void q6K(byte[] source, int at, float[] target, int to) {
    float scales = half(source, at + 208);
    for (int group = 0; group < 8; group++) {
      int lows = at + group / 4 * 64 + group % 2 * 32;
      int lowShift = group % 4 / 2 * 4;
      int highs = at + 128 + group / 4 * 32;
      int highShift = group % 4 * 2;
      for (int part = 0; part < 2; part++) {
        float scale = scales * source[at + 192 + 2 * group + part];
        for (int i = 16 * part; i < 16 * part + 16; i++) {
          int low = source[lows + i] >> lowShift & 15;
          int high = source[highs + i] >> highShift & 3;
          target[to + 32 * group + i] = scale * ((low | high << 4) - 32);
        }
      }
    }
  }
}
