package dev.cram.tensor.op;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * exp of float vectors, about 1 unit in the last place off for arguments from -87 to 88.
 *
 * <p>The argument is split into a power of two and a rest within ln(2)/2 of zero (Cody and Waite
 * 1980); the rest goes through a Taylor polynomial of degree 7. Arguments below -87 give 0, those
 * above 88 are taken as 88.
 */
final class Exponential {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final float LOG2_E = 1.44269504f;
  private static final float LN2_HIGH = 0.693359375f;
  private static final float LN2_LOW = -2.12194440e-4f;
  private static final float LOWEST = -87f;
  private static final float HIGHEST = 88f;

  /** 1.5 * 2^23: adding it leaves the nearest integer in the low bits of a float. */
  private static final float ROUNDER = 12582912f;

  private Exponential() {}

  static FloatVector exp(FloatVector x) {
    FloatVector clamped = x.max(LOWEST).min(HIGHEST);
    FloatVector shifted = clamped.mul(LOG2_E).add(ROUNDER);
    FloatVector result = timesPowerOfTwo(series(rest(clamped, shifted)), shifted);
    return result.blend(0f, x.compare(VectorOperators.LT, LOWEST));
  }

  /**
   * Replaces {@code count} floats x at byte offset {@code at} by {@code exp(x - shift)}.
   *
   * <p>The just-in-time compiler may decide not to inline the whole of {@link #exp}, and then every
   * vector becomes an object; the pieces are too small for that.
   *
   * @return the sum of what was written
   */
  static float shifted(MemorySegment data, long at, int count, float shift) {
    int bound = SPECIES.loopBound(count);
    FloatVector sums = FloatVector.zero(SPECIES);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      FloatVector x = FloatVector.fromMemorySegment(SPECIES, data, at + 4L * i, ORDER).sub(shift);
      FloatVector clamped = x.max(LOWEST).min(HIGHEST);
      FloatVector shifted = clamped.mul(LOG2_E).add(ROUNDER);
      FloatVector e =
          timesPowerOfTwo(series(rest(clamped, shifted)), shifted)
              .blend(0f, x.compare(VectorOperators.LT, LOWEST));
      e.intoMemorySegment(data, at + 4L * i, ORDER);
      sums = sums.add(e);
    }
    float sum = LaneSum.of(sums);
    for (int i = bound; i < count; i++) {
      float e = exp(data.get(ValueLayout.JAVA_FLOAT, at + 4L * i) - shift);
      data.set(ValueLayout.JAVA_FLOAT, at + 4L * i, e);
      sum += e;
    }
    return sum;
  }

  /** What remains of an argument beside the power of two. */
  private static FloatVector rest(FloatVector clamped, FloatVector shifted) {
    FloatVector power = shifted.sub(ROUNDER);
    FloatVector rest = power.fma(FloatVector.broadcast(SPECIES, -LN2_HIGH), clamped);
    return power.fma(FloatVector.broadcast(SPECIES, -LN2_LOW), rest);
  }

  private static FloatVector series(FloatVector rest) {
    FloatVector p = FloatVector.broadcast(SPECIES, 1f / 5040);
    p = p.fma(rest, FloatVector.broadcast(SPECIES, 1f / 720));
    p = p.fma(rest, FloatVector.broadcast(SPECIES, 1f / 120));
    p = p.fma(rest, FloatVector.broadcast(SPECIES, 1f / 24));
    p = p.fma(rest, FloatVector.broadcast(SPECIES, 1f / 6));
    p = p.fma(rest, FloatVector.broadcast(SPECIES, 0.5f));
    p = p.fma(rest, FloatVector.broadcast(SPECIES, 1f));
    return p.fma(rest, FloatVector.broadcast(SPECIES, 1f));
  }

  private static FloatVector timesPowerOfTwo(FloatVector p, FloatVector shifted) {
    IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
  }

  /** The same function of one float, with the same bits. */
  static float exp(float x) {
    if (x < LOWEST) {
      return 0f;
    }
    float clamped = Math.min(x, HIGHEST);
    float shifted = clamped * LOG2_E + ROUNDER;
    float power = shifted - ROUNDER;
    float rest = Math.fma(power, -LN2_HIGH, clamped);
    rest = Math.fma(power, -LN2_LOW, rest);
    float p = 1f / 5040;
    p = Math.fma(p, rest, 1f / 720);
    p = Math.fma(p, rest, 1f / 120);
    p = Math.fma(p, rest, 1f / 24);
    p = Math.fma(p, rest, 1f / 6);
    p = Math.fma(p, rest, 0.5f);
    p = Math.fma(p, rest, 1f);
    p = Math.fma(p, rest, 1f);
    return Float.intBitsToFloat(
        Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(shifted) << 23));
  }
}
