package dev.cram;

import dev.cram.recipe.Recipe;

/**
 * Which prefix of a text is trained on, as the search goes.
 *
 * <p>With {@link Recipe.Growth#AHEAD} it is what has been exact and a share more, so that what
 * vectors cannot hold does not pull at them, while some tokens can be learned at once.
 */
final class TrainedPrefix {
  /** The share at first. */
  private static final double AHEAD = 0.25;

  /** What is exact counts as so many tokens more, so that the beginning is quick. */
  private static final int AHEAD_OF_NOTHING = 32;

  private final Recipe.Growth growth;
  private final int goal;
  private double ahead = AHEAD;
  private int held;
  private int length;

  /**
   * @param goal how many leading tokens shall be held
   */
  TrainedPrefix(Recipe.Growth growth, int goal) {
    this.growth = growth;
    this.goal = goal;
    length =
        switch (growth) {
          case WHOLE_TEXT -> goal;
          case PROGRESSIVE -> 1;
          case AHEAD -> reach();
        };
  }

  /** How many leading tokens are trained on. */
  int length() {
    return length;
  }

  /** Whether there is less to train on, should the search be stuck. */
  boolean canShrink() {
    return growth == Recipe.Growth.AHEAD && length > held + 1;
  }

  /** After a step with which so many tokens were exact. */
  void stepped(int exactPrefix) {
    held = Math.max(held, exactPrefix);
    switch (growth) {
      case WHOLE_TEXT -> {}
      case PROGRESSIVE -> length = Math.min(goal, exactPrefix == length ? length + 1 : length);
      case AHEAD -> length = Math.max(length, reach());
    }
  }

  /** Trains on less than before. */
  void shrink() {
    ahead /= 2;
    length = reach();
  }

  private int reach() {
    return Math.min(goal, held + 1 + (int) (ahead * (held + AHEAD_OF_NOTHING)));
  }
}
