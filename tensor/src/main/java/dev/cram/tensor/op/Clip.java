package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** {@code y = min(max(x, -limit), limit)}, row by row. */
public final class Clip {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private Clip() {}

  /** Clips one row; x and y are {@code [*, size]} and may be the same. */
  public static void forward(Matrix x, float limit, Matrix y, int row) {
    int size = x.cols();
    long at = x.offset(row);
    int bound = SPECIES.loopBound(size);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      FloatVector.fromMemorySegment(SPECIES, x.data(), at + 4L * i, ORDER)
          .max(-limit)
          .min(limit)
          .intoMemorySegment(y.data(), at + 4L * i, ORDER);
    }
    for (int i = bound; i < size; i++) {
      y.set(row, i, Math.clamp(x.get(row, i), -limit, limit));
    }
  }

  /**
   * The vector-Jacobian product of one row: dy where x is within the limits, 0 elsewhere.
   *
   * @param x what {@link #forward} read, {@code [*, size]}
   * @param dy {@code [*, size]}
   * @param dx {@code [*, size]}, may be dy
   */
  public static void backward(Matrix x, float limit, Matrix dy, Matrix dx, int row) {
    int size = x.cols();
    long at = x.offset(row);
    MemorySegment gradient = dy.data();
    int bound = SPECIES.loopBound(size);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, x.data(), at + 4L * i, ORDER);
      FloatVector.fromMemorySegment(SPECIES, gradient, at + 4L * i, ORDER)
          .blend(0f, v.abs().compare(VectorOperators.GT, limit))
          .intoMemorySegment(dx.data(), at + 4L * i, ORDER);
    }
    for (int i = bound; i < size; i++) {
      dx.set(row, i, Math.abs(x.get(row, i)) > limit ? 0f : dy.get(row, i));
    }
  }
}
