package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Layer normalisation (Ba et al. 2016): {@code y = (x - mean(x)) / sqrt(variance(x) + layerNormEps)
 * * weight + bias}, row by row; the variance is the biased one. Without weight and bias y is the
 * normalised row itself.
 */
public final class LayerNorm {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final int LANES = SPECIES.length();

  private LayerNorm() {}

  /**
   * Normalises one row.
   *
   * @param x {@code [*, size]}
   * @param weight {@code [1, size]}, or null
   * @param bias {@code [1, size]}; null where weight is
   * @param y {@code [*, size]}, may be x
   * @param means {@code [*]}, receives the mean at {@code row}, which the backward pass needs
   * @param inverseDeviations {@code [*]}, receives {@code 1 / sqrt(variance(x) + layerNormEps)}
   */
  public static void forward(
      Matrix x,
      Matrix weight,
      Matrix bias,
      float layerNormEps,
      Matrix y,
      int row,
      float[] means,
      float[] inverseDeviations) {
    int size = x.cols();
    MemorySegment in = x.data();
    MemorySegment out = y.data();
    long from = x.offset(row);
    long to = y.offset(row);
    int bound = SPECIES.loopBound(size);
    FloatVector sums = FloatVector.zero(SPECIES);
    for (int i = 0; i < bound; i += LANES) {
      sums = sums.add(FloatVector.fromMemorySegment(SPECIES, in, from + 4L * i, ORDER));
    }
    float sum = LaneSum.of(sums);
    for (int i = bound; i < size; i++) {
      sum += x.get(row, i);
    }
    float mean = sum / size;
    FloatVector squares = FloatVector.zero(SPECIES);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, in, from + 4L * i, ORDER).sub(mean);
      squares = v.fma(v, squares);
    }
    float square = LaneSum.of(squares);
    for (int i = bound; i < size; i++) {
      float v = x.get(row, i) - mean;
      square += v * v;
    }
    float inverseDeviation = (float) (1 / Math.sqrt((double) square / size + layerNormEps));
    for (int i = 0; i < bound; i += LANES) {
      FloatVector.fromMemorySegment(SPECIES, in, from + 4L * i, ORDER)
          .sub(mean)
          .mul(inverseDeviation)
          .intoMemorySegment(out, to + 4L * i, ORDER);
    }
    for (int i = bound; i < size; i++) {
      y.set(row, i, (x.get(row, i) - mean) * inverseDeviation);
    }
    if (weight != null) {
      MemorySegment w = weight.data();
      MemorySegment b = bias.data();
      for (int i = 0; i < bound; i += LANES) {
        FloatVector.fromMemorySegment(SPECIES, out, to + 4L * i, ORDER)
            .mul(FloatVector.fromMemorySegment(SPECIES, w, 4L * i, ORDER))
            .add(FloatVector.fromMemorySegment(SPECIES, b, 4L * i, ORDER))
            .intoMemorySegment(out, to + 4L * i, ORDER);
      }
      for (int i = bound; i < size; i++) {
        y.set(row, i, y.get(row, i) * weight.get(0, i) + bias.get(0, i));
      }
    }
    means[row] = mean;
    inverseDeviations[row] = inverseDeviation;
  }

  /**
   * The vector-Jacobian product of one row. With {@code g = dy * weight}, r the inverse deviation
   * and {@code n = (x - mean) * r}: {@code dx = r * (g - mean(g) - n * mean(g * n))}.
   *
   * @param x what {@link #forward} read, {@code [*, size]}
   * @param weight {@code [1, size]}, or null
   * @param means what {@link #forward} wrote
   * @param inverseDeviations what {@link #forward} wrote
   * @param dy {@code [*, size]}
   * @param dx {@code [*, size]}, may be dy
   */
  public static void backward(
      Matrix x,
      Matrix weight,
      float[] means,
      float[] inverseDeviations,
      Matrix dy,
      Matrix dx,
      int row) {
    int size = x.cols();
    MemorySegment in = x.data();
    MemorySegment out = dx.data();
    long from = x.offset(row);
    long to = dx.offset(row);
    int bound = SPECIES.loopBound(size);
    float mean = means[row];
    float inverseDeviation = inverseDeviations[row];
    Matrix g = weight == null ? dy : weighted(dy, weight, dx, row);
    MemorySegment gradient = g.data();
    FloatVector sums = FloatVector.zero(SPECIES);
    FloatVector dots = FloatVector.zero(SPECIES);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, gradient, to + 4L * i, ORDER);
      sums = sums.add(v);
      dots =
          v.fma(FloatVector.fromMemorySegment(SPECIES, in, from + 4L * i, ORDER).sub(mean), dots);
    }
    float sum = LaneSum.of(sums);
    float dot = LaneSum.of(dots);
    for (int i = bound; i < size; i++) {
      sum += g.get(row, i);
      dot += g.get(row, i) * (x.get(row, i) - mean);
    }
    float shift = -sum / size;
    float correction = -(float) ((double) dot / size * inverseDeviation * inverseDeviation);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector.fromMemorySegment(SPECIES, in, from + 4L * i, ORDER)
          .sub(mean)
          .mul(correction)
          .add(shift)
          .add(FloatVector.fromMemorySegment(SPECIES, gradient, to + 4L * i, ORDER))
          .mul(inverseDeviation)
          .intoMemorySegment(out, to + 4L * i, ORDER);
    }
    for (int i = bound; i < size; i++) {
      float centred = x.get(row, i) - mean;
      dx.set(row, i, inverseDeviation * (g.get(row, i) + shift + correction * centred));
    }
  }

  private static Matrix weighted(Matrix dy, Matrix weight, Matrix g, int row) {
    int size = dy.cols();
    long at = dy.offset(row);
    int bound = SPECIES.loopBound(size);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector.fromMemorySegment(SPECIES, dy.data(), at + 4L * i, ORDER)
          .mul(FloatVector.fromMemorySegment(SPECIES, weight.data(), 4L * i, ORDER))
          .intoMemorySegment(g.data(), at + 4L * i, ORDER);
    }
    for (int i = bound; i < size; i++) {
      g.set(row, i, dy.get(row, i) * weight.get(0, i));
    }
    return g;
  }
}
