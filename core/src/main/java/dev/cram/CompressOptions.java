package dev.cram;

import dev.cram.recipe.Recipe;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * How to compress.
 *
 * @param vectors [mem] vectors of each segment (K), at least 1
 * @param recipe how vectors are searched
 * @param seed of all random choices
 * @param marginGoal by how much a right token's logit should exceed every other one, in logits
 */
public record CompressOptions(int vectors, Recipe recipe, long seed, float marginGoal) {
  /** One vector a segment, the default recipe, seed 1. */
  public static final CompressOptions DEFAULT = new CompressOptions(1, Recipe.CRAM, 1, 0.1f);

  /**
   * @throws IllegalArgumentException if there is no vector
   */
  public CompressOptions {
    if (vectors < 1) {
      throw new IllegalArgumentException(
          "a segment needs at least one vector, " + vectors + " were asked for");
    }
  }

  /**
   * The random choices of one search.
   *
   * @param firstToken where its segment starts in the text, in tokens
   * @param start which try at this segment it is, from 0
   */
  RandomGenerator random(int firstToken, int start) {
    long mixed = new SplittableRandom(seed).nextLong();
    return new SplittableRandom(mixed + ((long) start << Integer.SIZE) + firstToken);
  }
}
