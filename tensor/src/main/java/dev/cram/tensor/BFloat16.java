package dev.cram.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Conversion of float32 to bfloat16: the upper 16 bits, rounded to nearest even. */
public final class BFloat16 {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private BFloat16() {}

  /** The bits of the nearest bfloat16. A NaN stays a NaN. */
  public static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }

  /** The value of a bfloat16. */
  public static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** The nearest bfloat16, as a float. */
  public static float round(float value) {
    return toFloat(fromFloat(value));
  }

  /**
   * Converts {@code count} finite floats at byte offset {@code from} to bfloat16 at byte offset
   * {@code to}.
   */
  public static void convert(
      MemorySegment source, long from, MemorySegment target, long to, int count) {
    int lanes = FLOATS.length();
    int i = 0;
    for (; i <= count - lanes; i += lanes) {
      rounded(source, from + 4L * i)
          .lanewise(VectorOperators.LSHR, 16)
          .convertShape(VectorOperators.I2S, SHORTS, 0)
          .reinterpretAsShorts()
          .intoMemorySegment(target, to + 2L * i, ORDER);
    }
    for (; i < count; i++) {
      target.set(
          ValueLayout.JAVA_SHORT,
          to + 2L * i,
          fromFloat(source.get(ValueLayout.JAVA_FLOAT, from + 4L * i)));
    }
  }

  /**
   * Converts {@code count} bfloat16 values at byte offset {@code from} to float32 at byte offset
   * {@code to}.
   */
  static void widen(MemorySegment source, long from, MemorySegment target, long to, int count) {
    int lanes = FLOATS.length();
    // Reading at four places in turn keeps more of a core's requests to far memory under way.
    int quarter = count / (4 * lanes) * lanes;
    long from1 = from + 2L * quarter;
    long from2 = from1 + 2L * quarter;
    long from3 = from2 + 2L * quarter;
    long to1 = to + 4L * quarter;
    long to2 = to1 + 4L * quarter;
    long to3 = to2 + 4L * quarter;
    for (int i = 0; i < quarter; i += lanes) {
      widenLanes(source, from + 2L * i, target, to + 4L * i);
      widenLanes(source, from1 + 2L * i, target, to1 + 4L * i);
      widenLanes(source, from2 + 2L * i, target, to2 + 4L * i);
      widenLanes(source, from3 + 2L * i, target, to3 + 4L * i);
    }
    for (int i = 4 * quarter; i < count; i++) {
      short bits = source.get(ValueLayout.JAVA_SHORT, from + 2L * i);
      target.set(ValueLayout.JAVA_FLOAT, to + 4L * i, toFloat(bits));
    }
  }

  private static void widenLanes(MemorySegment source, long from, MemorySegment target, long to) {
    ShortVector.fromMemorySegment(SHORTS, source, from, ORDER)
        .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)
        .reinterpretAsInts()
        .lanewise(VectorOperators.LSHL, 16)
        .intoMemorySegment(target, to, ORDER);
  }

  /** Rounds {@code count} finite floats to bfloat16 values and stores them as float32. */
  public static void round(
      MemorySegment source, long from, MemorySegment target, long to, int count) {
    int lanes = FLOATS.length();
    int i = 0;
    for (; i <= count - lanes; i += lanes) {
      rounded(source, from + 4L * i).and(0xFFFF0000).intoMemorySegment(target, to + 4L * i, ORDER);
    }
    for (; i < count; i++) {
      target.set(
          ValueLayout.JAVA_FLOAT,
          to + 4L * i,
          round(source.get(ValueLayout.JAVA_FLOAT, from + 4L * i)));
    }
  }

  /** Bits whose upper half is the rounded value. */
  private static IntVector rounded(MemorySegment source, long offset) {
    IntVector bits = IntVector.fromMemorySegment(INTS, source, offset, ORDER);
    IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
    return bits.add(0x7FFF).add(odd);
  }
}
