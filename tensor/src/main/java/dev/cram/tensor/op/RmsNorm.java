package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Root-mean-square normalisation (Zhang and Sennrich 2019): {@code y = x / sqrt(mean(x^2) +
 * rmsNormEps) * weight}, row by row.
 */
public final class RmsNorm {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private RmsNorm() {}

  /**
   * Normalises one row.
   *
   * @param x {@code [*, size]}
   * @param weight {@code [1, size]}
   * @param y {@code [*, size]}, may be x
   * @return {@code 1 / sqrt(mean(x^2) + rmsNormEps)}, which the backward pass needs
   */
  public static float forward(Matrix x, Matrix weight, float rmsNormEps, Matrix y, int row) {
    return forward(x, weight, rmsNormEps, y, row, 0);
  }

  /**
   * Normalises {@code weight.cols()} columns of one row, from column {@code col} on; x and y may be
   * wider than that.
   */
  public static float forward(
      Matrix x, Matrix weight, float rmsNormEps, Matrix y, int row, int col) {
    int size = weight.cols();
    MemorySegment in = x.data();
    MemorySegment w = weight.data();
    MemorySegment out = y.data();
    long at = x.offset(row) + 4L * col;
    long yAt = y.offset(row) + 4L * col;
    int bound = SPECIES.loopBound(size);
    int lanes = SPECIES.length();
    FloatVector sums = FloatVector.zero(SPECIES);
    for (int i = 0; i < bound; i += lanes) {
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, in, at + 4L * i, ORDER);
      sums = v.fma(v, sums);
    }
    float sum = LaneSum.of(sums);
    for (int i = bound; i < size; i++) {
      float v = x.get(row, col + i);
      sum += v * v;
    }
    float inverseRms = (float) (1 / Math.sqrt((double) sum / size + rmsNormEps));
    for (int i = 0; i < bound; i += lanes) {
      FloatVector.fromMemorySegment(SPECIES, in, at + 4L * i, ORDER)
          .mul(inverseRms)
          .mul(FloatVector.fromMemorySegment(SPECIES, w, 4L * i, ORDER))
          .intoMemorySegment(out, yAt + 4L * i, ORDER);
    }
    for (int i = bound; i < size; i++) {
      y.set(row, col + i, x.get(row, col + i) * inverseRms * weight.get(0, i));
    }
    return inverseRms;
  }

  /**
   * The vector-Jacobian product of one row. With {@code g = dy * weight} and {@code r} the inverse
   * RMS: {@code dx = r * (g - x * r^2 * mean(g * x))}.
   *
   * @param x what {@link #forward} read, {@code [*, size]}
   * @param inverseRms what {@link #forward} returned for this row
   * @param dy {@code [*, size]}
   * @param dx {@code [*, size]}, may be dy
   */
  public static void backward(
      Matrix x, Matrix weight, float inverseRms, Matrix dy, Matrix dx, int row) {
    backward(x, weight, inverseRms, dy, dx, row, 0);
  }

  /** The same for {@code weight.cols()} columns from column {@code col} on. */
  public static void backward(
      Matrix x, Matrix weight, float inverseRms, Matrix dy, Matrix dx, int row, int col) {
    int size = weight.cols();
    MemorySegment in = x.data();
    MemorySegment w = weight.data();
    MemorySegment gradient = dy.data();
    MemorySegment out = dx.data();
    long at = x.offset(row) + 4L * col;
    long dyAt = dy.offset(row) + 4L * col;
    long dxAt = dx.offset(row) + 4L * col;
    int bound = SPECIES.loopBound(size);
    int lanes = SPECIES.length();
    FloatVector sums = FloatVector.zero(SPECIES);
    for (int i = 0; i < bound; i += lanes) {
      FloatVector g =
          FloatVector.fromMemorySegment(SPECIES, gradient, dyAt + 4L * i, ORDER)
              .mul(FloatVector.fromMemorySegment(SPECIES, w, 4L * i, ORDER));
      sums = g.fma(FloatVector.fromMemorySegment(SPECIES, in, at + 4L * i, ORDER), sums);
    }
    float dot = LaneSum.of(sums);
    for (int i = bound; i < size; i++) {
      dot += dy.get(row, col + i) * weight.get(0, i) * x.get(row, col + i);
    }
    float correction = -(float) ((double) dot / size * inverseRms * inverseRms);
    for (int i = 0; i < bound; i += lanes) {
      FloatVector g =
          FloatVector.fromMemorySegment(SPECIES, gradient, dyAt + 4L * i, ORDER)
              .mul(FloatVector.fromMemorySegment(SPECIES, w, 4L * i, ORDER));
      FloatVector.fromMemorySegment(SPECIES, in, at + 4L * i, ORDER)
          .mul(correction)
          .add(g)
          .mul(inverseRms)
          .intoMemorySegment(out, dxAt + 4L * i, ORDER);
    }
    for (int i = bound; i < size; i++) {
      float g = dy.get(row, col + i) * weight.get(0, i);
      dx.set(row, col + i, inverseRms * (g + correction * x.get(row, col + i)));
    }
  }
}
