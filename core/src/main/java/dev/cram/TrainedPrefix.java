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

  /** Whatever is exact, this share more is all of the text. */
  private static final double ALL = Double.POSITIVE_INFINITY;

  /** What is exact counts as so many tokens more, so that the beginning is quick. */
  private static final int AHEAD_OF_NOTHING = 32;

  /** In how many steps what is trained ahead should make a longer prefix exact. */
  private static final int LONGER_WITHIN = 60;

  private final Recipe.Growth growth;
  private final int goal;
  private double ahead;
  private int held;
  private int waited;
  private int length;

  /**
   * @param goal how many leading tokens shall be held
   */
  TrainedPrefix(Recipe.Growth growth, int goal) {
    this.growth = growth;
    this.goal = goal;
    ahead = growth == Recipe.Growth.AHEAD ? AHEAD : ALL;
    length = growth == Recipe.Growth.PROGRESSIVE ? 1 : reach();
  }

  /** How many leading tokens are trained on. */
  int length() {
    return length;
  }

  /** Whether there is less to train on, should the search be stuck. */
  boolean canShrink() {
    return switch (growth) {
      case WHOLE_TEXT, PROGRESSIVE -> false;
      case AHEAD, WHOLE_TEXT_FIRST -> length > held + 1;
    };
  }

  /** After a step with which so many tokens were exact. */
  void stepped(int exactPrefix) {
    waited = exactPrefix > held ? 0 : waited + 1;
    held = Math.max(held, exactPrefix);
    length =
        switch (growth) {
          case PROGRESSIVE -> Math.min(goal, exactPrefix == length ? length + 1 : length);
          case WHOLE_TEXT, AHEAD, WHOLE_TEXT_FIRST -> Math.max(length, reach());
        };
  }

  /** Whether the search has not been stuck so far, with a growth that knows what to do then. */
  boolean isFirstTry() {
    return growth == Recipe.Growth.WHOLE_TEXT_FIRST && ahead == ALL;
  }

  /**
   * Whether too much is trained ahead for a prefix that shall become ever longer: none has for a
   * while, even where margins still move.
   */
  boolean isTooLong() {
    return growth == Recipe.Growth.AHEAD && waited >= LONGER_WITHIN;
  }

  /** Trains on less than before. */
  void shrink() {
    waited = 0;
    ahead = ahead == ALL ? AHEAD : ahead / 2;
    length = reach();
  }

  private int reach() {
    return (int) Math.min(goal, held + 1 + Math.floor(ahead * (held + AHEAD_OF_NOTHING)));
  }
}
