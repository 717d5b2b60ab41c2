package dev.cram.tensor.op;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code softplus(x) = ln(1 + e^x)}, in float32 precision relative to the result, and the sigmoid,
 * its derivative.
 *
 * <p>With {@code e = e^-|x|} it is {@code max(x, 0) + ln(1 + e)}, and {@code ln(1 + e) = 2
 * artanh(w)} with {@code w = e / (2 + e)}, at most 1/3, whose series converges fast and keeps tiny
 * values exact.
 */
final class Softplus {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  private Softplus() {}

  /**
   * Replaces values by their softplus.
   *
   * @param count a multiple of the vector length
   */
  static void forward(float[] x, float[] y, int count) {
    for (int i = 0; i < count; i += SPECIES.length()) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, i);
      FloatVector e = Exponential.exp(v.abs().neg());
      FloatVector w = e.div(e.add(2f));
      FloatVector square = w.mul(w);
      FloatVector p = FloatVector.broadcast(SPECIES, 2f / 15);
      p = p.fma(square, FloatVector.broadcast(SPECIES, 2f / 13));
      p = p.fma(square, FloatVector.broadcast(SPECIES, 2f / 11));
      p = p.fma(square, FloatVector.broadcast(SPECIES, 2f / 9));
      p = p.fma(square, FloatVector.broadcast(SPECIES, 2f / 7));
      p = p.fma(square, FloatVector.broadcast(SPECIES, 2f / 5));
      p = p.fma(square, FloatVector.broadcast(SPECIES, 2f / 3));
      p = p.fma(square, FloatVector.broadcast(SPECIES, 2f));
      p.fma(w, v.max(0f)).intoArray(y, i);
    }
  }

  /**
   * The vector-Jacobian product: {@code dx = dy * sigmoid(x)}.
   *
   * @param x what {@link #forward} read
   * @param dx may be dy
   * @param count a multiple of the vector length
   */
  static void backward(float[] x, float[] dy, float[] dx, int count) {
    for (int i = 0; i < count; i += SPECIES.length()) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, i);
      FloatVector.fromArray(SPECIES, dy, i).div(Exponential.exp(v.neg()).add(1f)).intoArray(dx, i);
    }
  }
}
