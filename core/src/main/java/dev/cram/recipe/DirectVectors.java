package dev.cram.recipe;

import dev.cram.tensor.Matrix;

/**
 * The parameters are the vectors.
 *
 * @param parameters {@code [K * embeddingSize]}, the start; changed in place
 */
public record DirectVectors(float[] parameters) implements Parametrisation {
  @Override
  public void vectors(Matrix mem) {
    mem.copyFrom(parameters);
  }

  @Override
  public void backward(Matrix dMem, float[] gradient) {
    dMem.copyTo(gradient);
  }
}
