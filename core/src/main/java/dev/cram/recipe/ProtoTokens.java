package dev.cram.recipe;

import dev.cram.tensor.Matrix;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Two trainable vectors, the first one followed by copies of the second (Mezentsev and Oseledets
 * 2025, one-step generation): as many rows as there are tokens to be predicted.
 */
final class ProtoTokens implements Parametrisation {
  private final int rows;
  private final int width;
  private final float[] parameters;
  private final float[] mem;

  /**
   * @param rows tokens of the text
   * @param std standard deviation of an element at the start
   */
  ProtoTokens(int rows, int width, float std, RandomGenerator random) {
    this.rows = rows;
    this.width = width;
    parameters = Gaussian.draw(2 * width, std, random);
    mem = new float[rows * width];
  }

  @Override
  public float[] parameters() {
    return parameters;
  }

  @Override
  public void vectors(Matrix target) {
    for (int row = 0; row < rows; row++) {
      System.arraycopy(parameters, row == 0 ? 0 : width, mem, row * width, width);
    }
    target.copyFrom(mem);
  }

  @Override
  public void backward(Matrix dMem, float[] gradient) {
    dMem.copyTo(mem);
    Arrays.fill(gradient, 0f);
    for (int row = 0; row < rows; row++) {
      int to = row == 0 ? 0 : width;
      for (int i = 0; i < width; i++) {
        gradient[to + i] += mem[row * width + i];
      }
    }
  }
}
