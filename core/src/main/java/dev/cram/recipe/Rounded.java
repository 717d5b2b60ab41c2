package dev.cram.recipe;

import dev.cram.container.Grid;
import dev.cram.tensor.Matrix;
import java.util.Arrays;

/**
 * Vectors rounded to a {@link Grid} of few bits, each with a scale of its own that follows its
 * elements. The gradient passes as if nothing were rounded (straight-through estimator, Bengio et
 * al. 2013), so the parameters keep what steps smaller than the grid add up to.
 */
final class Rounded implements Parametrisation {
  private final Parametrisation exact;
  private final int bits;
  private final int width;
  private final float[] values;
  private final float[] scales;

  Rounded(Parametrisation exact, int vectors, int width, int bits) {
    this.exact = exact;
    this.bits = bits;
    this.width = width;
    values = new float[vectors * width];
    scales = new float[vectors];
    // Until there are vectors, any scale that a file may have.
    Arrays.fill(scales, 1);
  }

  @Override
  public float[] parameters() {
    return exact.parameters();
  }

  @Override
  public void vectors(Matrix mem) {
    exact.vectors(mem);
    mem.copyTo(values);
    for (int row = 0; row < scales.length; row++) {
      int from = row * width;
      scales[row] = Grid.scale(values, from, width, bits);
      for (int i = from; i < from + width; i++) {
        values[i] = Grid.value(Grid.code(values[i], scales[row], bits), scales[row], bits);
      }
    }
    mem.copyFrom(values);
  }

  @Override
  public float[] scales() {
    return scales;
  }

  @Override
  public void backward(Matrix dMem, float[] gradient) {
    exact.backward(dMem, gradient);
  }
}
