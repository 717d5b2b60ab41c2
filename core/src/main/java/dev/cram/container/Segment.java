package dev.cram.container;

import java.util.List;

/**
 * Consecutive tokens of a run, as the vectors from which they are decoded.
 *
 * @param tokenCount tokens, 1 to {@value #MAX_TOKENS}
 * @param vectorCount vectors K, at least 1
 * @param vectors the vectors {@code [vectorCount, width]}, row-major, all finite
 * @param patches what greedy decoding misses, in the order of their positions, each position once
 * @param minMargin the smallest difference between the largest and the second-largest logit on the
 *     decoding path, over the positions without a patch; at least 0, infinite if every position has
 *     a patch
 * @param steps optimisation steps that were spent, at least 0
 */
public record Segment(
    int tokenCount,
    int vectorCount,
    float[] vectors,
    List<Patch> patches,
    float minMargin,
    int steps) {

  /** More tokens than the context of any model that this format is meant for. */
  public static final int MAX_TOKENS = 1 << 20;

  /**
   * @throws IllegalArgumentException if a value is outside what is said above
   */
  public Segment {
    require(
        tokenCount >= 1 && tokenCount <= MAX_TOKENS,
        "a segment of " + tokenCount + " tokens, expected 1 to " + MAX_TOKENS);
    require(vectorCount >= 1, "a segment of " + vectorCount + " vectors, expected at least 1");
    require(
        vectors.length % vectorCount == 0,
        vectors.length + " numbers for " + vectorCount + " vectors of the same width");
    for (float value : vectors) {
      // Not by require, which would put a message together for every number.
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("a vector holds " + value + ", expected finite numbers");
      }
    }
    patches = List.copyOf(patches);
    int previous = -1;
    for (Patch patch : patches) {
      require(
          patch.position() < tokenCount,
          "a patch at position "
              + patch.position()
              + " is outside of its "
              + tokenCount
              + " tokens");
      require(
          patch.position() > previous,
          "a patch at position " + patch.position() + " follows one at " + previous);
      previous = patch.position();
    }
    require(minMargin >= 0, "a margin of " + minMargin + ", expected at least 0");
    require(steps >= 0, "a segment of " + steps + " steps, expected at least 0");
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
