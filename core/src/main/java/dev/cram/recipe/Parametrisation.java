package dev.cram.recipe;

import dev.cram.tensor.Matrix;

/** How the trainable parameters become [mem] vectors. Instances belong to one optimisation. */
public interface Parametrisation {
  /** The parameters themselves, for an {@link Optimiser} to change in place. */
  float[] parameters();

  /**
   * Computes the vectors.
   *
   * @param mem {@code [K, embeddingSize]}, overwritten
   */
  void vectors(Matrix mem);

  /**
   * The scale of each vector where they are rounded, as of the last {@link #vectors}; else none.
   */
  default float[] scales() {
    return new float[0];
  }

  /**
   * The vector-Jacobian product of {@link #vectors}.
   *
   * @param dMem gradient to the vectors, {@code [K, embeddingSize]}
   * @param gradient receives the gradient to the parameters, as long as {@link #parameters}
   */
  void backward(Matrix dMem, float[] gradient);
}
