package dev.cram.recipe;

import java.util.random.RandomGenerator;

/** Where parameters start that are drawn at random. */
final class Gaussian {
  private Gaussian() {}

  /**
   * @param std standard deviation of each
   */
  static float[] draw(int count, float std, RandomGenerator random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() * std);
    }
    return values;
  }
}
