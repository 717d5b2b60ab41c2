package dev.cram.lm.files;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Turns the stored elements of a weight into float32, exactly, and finds those that are not finite.
 *
 * <p>A bfloat16 is the upper half of a float32. A float16 moved to the place of a float32's
 * exponent and mantissa is too small by 2^(127-15), subnormals included, so that one exact
 * multiplication completes it.
 */
final class FloatDecoder {
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(INTS.vectorBitSize() / 2));
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final ByteOrder NATIVE = ByteOrder.nativeOrder();
  private static final int LANES = INTS.length();

  private static final int INFINITY = 0x7f80_0000;
  private static final int F16_INFINITY = 0x7c00;
  private static final float TWO_TO_112 = 0x1p112f;

  private FloatDecoder() {}

  /** Whether elements of that type can be decoded. */
  static boolean decodes(DType dtype) {
    return dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
  }

  /**
   * Decodes all elements of {@code source} to native float32 in {@code target}, which holds 4 bytes
   * for each.
   *
   * @return the index of the first element that is infinite or not a number, or -1
   */
  static long decode(DType dtype, MemorySegment source, MemorySegment target) {
    boolean finite =
        switch (dtype) {
          case F32 -> decodeF32(source, target);
          case BF16 -> decodeBf16(source, target);
          case F16 -> decodeF16(source, target);
          default -> throw new IllegalArgumentException(dtype + " is no weight format");
        };
    return finite ? -1 : firstNotFinite(dtype, source);
  }

  // The magnitudes of finite floats are below that of infinity also when compared as integers.
  private static boolean decodeF32(MemorySegment source, MemorySegment target) {
    long count = source.byteSize() / 4;
    long whole = count - count % LANES;
    IntVector largest = IntVector.zero(INTS);
    for (long i = 0; i < whole; i += LANES) {
      IntVector bits = IntVector.fromMemorySegment(INTS, source, 4 * i, LITTLE);
      largest = largest.max(bits.and(Integer.MAX_VALUE));
      bits.intoMemorySegment(target, 4 * i, NATIVE);
    }
    int max = largest.reduceLanes(VectorOperators.MAX);
    for (long i = whole; i < count; i++) {
      int bits = source.get(INT, 4 * i);
      max = Math.max(max, bits & Integer.MAX_VALUE);
      target.set(ValueLayout.JAVA_INT_UNALIGNED, 4 * i, bits);
    }
    return max < INFINITY;
  }

  private static boolean decodeBf16(MemorySegment source, MemorySegment target) {
    long count = source.byteSize() / 2;
    long whole = count - count % LANES;
    IntVector largest = IntVector.zero(INTS);
    for (long i = 0; i < whole; i += LANES) {
      IntVector bits = loadShorts(source, 2 * i).lanewise(VectorOperators.LSHL, 16);
      largest = largest.max(bits.and(Integer.MAX_VALUE));
      bits.intoMemorySegment(target, 4 * i, NATIVE);
    }
    int max = largest.reduceLanes(VectorOperators.MAX);
    for (long i = whole; i < count; i++) {
      int bits = source.get(SHORT, 2 * i) << 16;
      max = Math.max(max, bits & Integer.MAX_VALUE);
      target.set(ValueLayout.JAVA_INT_UNALIGNED, 4 * i, bits);
    }
    return max < INFINITY;
  }

  private static boolean decodeF16(MemorySegment source, MemorySegment target) {
    long count = source.byteSize() / 2;
    long whole = count - count % LANES;
    IntVector largest = IntVector.zero(INTS);
    for (long i = 0; i < whole; i += LANES) {
      IntVector bits = loadShorts(source, 2 * i);
      IntVector magnitude = bits.and(0x7fff);
      largest = largest.max(magnitude);
      FloatVector scaled =
          magnitude.lanewise(VectorOperators.LSHL, 13).reinterpretAsFloats().mul(TWO_TO_112);
      bits.and(0x8000)
          .lanewise(VectorOperators.LSHL, 16)
          .or(scaled.reinterpretAsInts())
          .intoMemorySegment(target, 4 * i, NATIVE);
    }
    int max = largest.reduceLanes(VectorOperators.MAX);
    for (long i = whole; i < count; i++) {
      short bits = source.get(SHORT, 2 * i);
      max = Math.max(max, bits & 0x7fff);
      target.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i, Float.float16ToFloat(bits));
    }
    return max < F16_INFINITY;
  }

  private static IntVector loadShorts(MemorySegment source, long offset) {
    return (IntVector)
        ShortVector.fromMemorySegment(SHORTS, source, offset, LITTLE)
            .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
  }

  private static long firstNotFinite(DType dtype, MemorySegment source) {
    long count = source.byteSize() / dtype.bytes();
    for (long i = 0; i < count; i++) {
      boolean finite =
          switch (dtype) {
            case F32 -> (source.get(INT, 4 * i) & Integer.MAX_VALUE) < INFINITY;
            case BF16 -> ((source.get(SHORT, 2 * i) << 16) & Integer.MAX_VALUE) < INFINITY;
            default -> (source.get(SHORT, 2 * i) & 0x7fff) < F16_INFINITY;
          };
      if (!finite) {
        return i;
      }
    }
    throw new IllegalStateException("all elements are finite");
  }
}
