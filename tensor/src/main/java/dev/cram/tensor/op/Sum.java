package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code y = a + b}, row by row. Its vector-Jacobian product hands dy on to both sides unchanged; a
 * value that is read twice adds up its two gradients with {@link #of}.
 */
public final class Sum {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private Sum() {}

  /** Adds one row; a, b and y are {@code [*, size]}, and y may be either of the others. */
  public static void of(Matrix a, Matrix b, Matrix y, int row) {
    add(a, 0, b, 0, y, 0, row, y.cols());
  }

  /**
   * Adds {@code count} columns of one row of b, from column bCol on, to those of y from yCol on.
   */
  public static void into(Matrix b, int bCol, Matrix y, int yCol, int row, int count) {
    add(y, yCol, b, bCol, y, yCol, row, count);
  }

  /** Copies {@code count} columns of one row of b, from column bCol on, to y from yCol on. */
  public static void copy(Matrix b, int bCol, Matrix y, int yCol, int row, int count) {
    MemorySegment.copy(
        b.data(), b.offset(row) + 4L * bCol, y.data(), y.offset(row) + 4L * yCol, 4L * count);
  }

  private static void add(
      Matrix a, int aCol, Matrix b, int bCol, Matrix y, int yCol, int row, int count) {
    MemorySegment left = a.data();
    MemorySegment right = b.data();
    MemorySegment out = y.data();
    long aAt = a.offset(row) + 4L * aCol;
    long bAt = b.offset(row) + 4L * bCol;
    long yAt = y.offset(row) + 4L * yCol;
    int bound = SPECIES.loopBound(count);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      FloatVector.fromMemorySegment(SPECIES, left, aAt + 4L * i, ORDER)
          .add(FloatVector.fromMemorySegment(SPECIES, right, bAt + 4L * i, ORDER))
          .intoMemorySegment(out, yAt + 4L * i, ORDER);
    }
    for (int i = bound; i < count; i++) {
      y.set(row, yCol + i, a.get(row, aCol + i) + b.get(row, bCol + i));
    }
  }
}
