package dev.cram;

/**
 * How many tokens a segment should have, as far as the segments so far have shown.
 *
 * <p>A longer segment needs fewer vectors for its tokens, but more steps, and each step costs more:
 * the last tokens that a vector holds are by far the dearest. So the length grows while segments
 * become exact quickly, and shrinks when one takes long, or when its tokens cost {@value #DEAR}
 * times those of the shorter segment that paid best. A segment that does not become exact shows how
 * much its vectors hold; as that differs from text to text, the estimate goes half the way there.
 *
 * @param tokens what a segment should have
 * @param bestPace the most tokens for the cost of one that a segment gave, fading with time; 0 at
 *     first
 * @param bestLength of the segment that had that pace, in tokens
 */
record Capacity(double tokens, double bestPace, int bestLength) {
  /** Where the estimate starts, in tokens a vector. */
  private static final int FIRST_GUESS = 20;

  /** A segment is quick if it took less than this share of the steps that it was allowed. */
  private static final double QUICK = 0.15;

  /** A segment took long if it took more than this share of them. */
  private static final double LONG = 0.5;

  /** From this share of the estimate on, a segment was as long as it should have been. */
  private static final double FULL = 0.75;

  private static final double DEAR = 3;
  private static final double GROWTH = 1.3;
  private static final double SHRINKAGE = 0.9;

  /** The text may change, so that a pace of long ago says little. */
  private static final double FADING = 0.97;

  /** What a step costs whatever its length, in tokens. */
  private static final int STEP_OVERHEAD = 8;

  /** Fewer steps than these are luck, and say nothing about the next segment. */
  private static final int LEAST_STEPS = 30;

  /** Of the first segment of a text. */
  static Capacity first(int vectors) {
    return new Capacity((double) FIRST_GUESS * vectors, 0, 0);
  }

  /** The length of the next segment, from 1 to {@code most}. */
  int length(int most) {
    return Math.clamp((long) tokens, 1, most);
  }

  /**
   * Learns from a segment.
   *
   * @param wanted tokens that it should have had
   * @param held tokens that it has
   * @param steps optimisation steps that were spent
   * @param maxSteps steps that it was allowed
   */
  Capacity after(int wanted, int held, int steps, int maxSteps) {
    double pace = (double) held / (Math.max(LEAST_STEPS, steps) * (wanted + STEP_OVERHEAD));
    boolean isBest = pace >= bestPace * FADING;
    double best = isBest ? pace : bestPace * FADING;
    int length = isBest ? wanted : bestLength;
    double next = tokens;
    if (held < wanted) {
      next = Math.min(tokens, (held + wanted) / 2.0);
    } else if ((wanted > length && pace * DEAR < best) || steps > LONG * maxSteps) {
      next = Math.min(tokens, Math.max(1, wanted * SHRINKAGE));
    } else if (steps < QUICK * maxSteps && wanted >= FULL * (int) tokens) {
      next = Math.max(tokens + 0.5, tokens * GROWTH);
    }
    return new Capacity(next, best, length);
  }
}
