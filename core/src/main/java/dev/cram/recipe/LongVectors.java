package dev.cram.recipe;

import dev.cram.tensor.Matrix;
import java.util.random.RandomGenerator;

/**
 * Vectors many times as long as token embeddings: {@code mem = scale * p}, p starting as standard
 * Gaussian.
 *
 * <p>Next to a long vector what the layers add to its row is small, so each layer sees nearly the
 * same direction: its keys and values become linear in the vector, and the loss far smoother along
 * it. Norms before each layer make the length itself harmless. docs/method.md has the measurements.
 */
final class LongVectors implements Parametrisation {
  private final float scale;
  private final float[] parameters;
  private final float[] mem;

  /**
   * @param scale standard deviation of an element at the start
   */
  LongVectors(int vectors, int width, float scale, RandomGenerator random) {
    this.scale = scale;
    parameters = Gaussian.draw(vectors * width, 1, random);
    mem = new float[parameters.length];
  }

  @Override
  public float[] parameters() {
    return parameters;
  }

  @Override
  public void vectors(Matrix target) {
    for (int i = 0; i < mem.length; i++) {
      mem[i] = scale * parameters[i];
    }
    target.copyFrom(mem);
  }

  @Override
  public void backward(Matrix dMem, float[] gradient) {
    dMem.copyTo(gradient);
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] *= scale;
    }
  }
}
