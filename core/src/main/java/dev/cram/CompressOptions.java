package dev.cram;

import dev.cram.recipe.Recipe;

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
}
