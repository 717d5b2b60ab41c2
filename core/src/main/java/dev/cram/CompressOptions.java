package dev.cram;

import dev.cram.container.Grid;
import dev.cram.lm.InputException;
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
 * @param vectorBits bits of a vector's element: 3, 4, 6, 8 or 16, or 32 for floats
 * @param budgetSeconds how long it should take: segments are as long, and vectors as few, as that
 *     allows; 0 where time does not matter. With a budget the result depends on the machine's speed
 */
public record CompressOptions(
    int vectors, Recipe recipe, long seed, float marginGoal, int vectorBits, double budgetSeconds) {
  /** One vector a segment, the default recipe, seed 1. */
  public static final CompressOptions DEFAULT = new CompressOptions(1, Recipe.CRAM, 1, 0.1f);

  /**
   * @throws IllegalArgumentException if there is no vector, or no grid of these bits
   * @throws InputException if the recipe's vectors are not read token by token, as those of a file
   *     are
   */
  public CompressOptions {
    if (recipe.reading() != Recipe.Reading.TOKEN_BY_TOKEN) {
      throw new InputException(
          "the recipe "
              + recipe.name()
              + " measures capacity and cannot compress: a file's vectors are read token by token;"
              + " use one of "
              + String.join(", ", Recipe.namesForFiles())
              + ", or cram measure and cram race");
    }
    if (vectors < 1) {
      throw new IllegalArgumentException(
          "a segment needs at least one vector, " + vectors + " were asked for");
    }
    if (!Grid.supports(vectorBits)) {
      throw new IllegalArgumentException(
          "vectors of " + vectorBits + " bits were asked for, there are 3, 4, 6, 8, 16 and 32");
    }
  }

  /** With vectors of floats, and as much time as it takes. */
  public CompressOptions(int vectors, Recipe recipe, long seed, float marginGoal) {
    this(vectors, recipe, seed, marginGoal, Grid.FLOAT_BITS, 0);
  }

  /** The same with another number of bits. */
  public CompressOptions withVectorBits(int bits) {
    return new CompressOptions(vectors, recipe, seed, marginGoal, bits, budgetSeconds);
  }

  /** The same with a time to keep to. */
  public CompressOptions withBudget(double seconds) {
    return new CompressOptions(vectors, recipe, seed, marginGoal, vectorBits, seconds);
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
