package dev.cram.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
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
