package dev.cram.recipe;

import dev.cram.tensor.Matrix;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * {@code mem_k = W z_k + b} with trainable z, W and b (Tarasov et al. 2026, Progressive Cramming,
 * low-dimensional projection). It has more parameters than the vectors have elements; what changes
 * is the path that a gradient method takes.
 *
 * <p>Parameters are laid out as {@code z [K, rank], W [embeddingSize, rank], b [embeddingSize]}.
 */
public final class LowDimensional implements Parametrisation {
  private final int vectors;
  private final int width;
  private final int rank;
  private final float[] parameters;
  private final float[] mem;

  /**
   * Starts as the authors do: z uniform in [0, 0.02); W and b uniform within {@code 1 /
   * sqrt(rank)}, the default of PyTorch's linear layer.
   */
  public LowDimensional(int vectors, int width, int rank, RandomGenerator random) {
    this.vectors = vectors;
    this.width = width;
    this.rank = rank;
    parameters = new float[vectors * rank + width * rank + width];
    mem = new float[vectors * width];
    double bound = 1 / Math.sqrt(rank);
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] =
          (float)
              (i < vectors * rank ? random.nextDouble(0, 0.02) : random.nextDouble(-bound, bound));
    }
  }

  @Override
  public float[] parameters() {
    return parameters;
  }

  @Override
  public void vectors(Matrix target) {
    int matrix = vectors * rank;
    int bias = matrix + width * rank;
    for (int k = 0; k < vectors; k++) {
      for (int i = 0; i < width; i++) {
        float sum = parameters[bias + i];
        for (int j = 0; j < rank; j++) {
          sum += parameters[matrix + i * rank + j] * parameters[k * rank + j];
        }
        mem[k * width + i] = sum;
      }
    }
    target.copyFrom(mem);
  }

  @Override
  public void backward(Matrix dMem, float[] gradient) {
    dMem.copyTo(mem);
    Arrays.fill(gradient, 0f);
    int matrix = vectors * rank;
    int bias = matrix + width * rank;
    for (int k = 0; k < vectors; k++) {
      for (int i = 0; i < width; i++) {
        float d = mem[k * width + i];
        gradient[bias + i] += d;
        for (int j = 0; j < rank; j++) {
          gradient[matrix + i * rank + j] += d * parameters[k * rank + j];
          gradient[k * rank + j] += d * parameters[matrix + i * rank + j];
        }
      }
    }
  }
}
