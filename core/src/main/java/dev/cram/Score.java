package dev.cram;

import java.util.Comparator;

/**
 * How well vectors hold a text, by teacher forcing.
 *
 * @param securePrefix leading tokens that win by at least the margin goal
 * @param exactPrefix leading tokens that are right
 * @param right targets that are right
 * @param accuracy share of the targets that are right, 0 to 1
 * @param crossEntropy mean over the targets, in nats
 * @param minMargin the smallest margin of a target, in logits; negative if one is wrong
 */
public record Score(
    int securePrefix,
    int exactPrefix,
    int right,
    double accuracy,
    double crossEntropy,
    float minMargin) {
  /** Prefers what decodes: first the tokens that are certain to decode, then those that may. */
  public static final Comparator<Score> BY_SECURE_PREFIX =
      Comparator.comparingInt(Score::securePrefix)
          .thenComparingInt(Score::exactPrefix)
          .thenComparingDouble(Score::accuracy)
          .thenComparingDouble(Score::minMargin);

  /**
   * Prefers the highest accuracy on the whole text, as Kuratov et al. 2025 report it, then the
   * lowest loss. It is the number of right tokens that counts: the share says little while only a
   * prefix of the text is trained on.
   */
  public static final Comparator<Score> BY_ACCURACY =
      Comparator.comparingInt(Score::right)
          .thenComparing(Comparator.comparingDouble(Score::crossEntropy).reversed());

  /** Of vectors that hold nothing. */
  static final Score NOTHING =
      new Score(0, 0, 0, 0, Double.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);

  /**
   * Assesses the first {@code length} tokens.
   *
   * @param weights of the targets in the objective; those of weight 0 are given, and right
   * @param correct receives which of them are right
   */
  static Score of(
      float[] margins,
      float[] crossEntropies,
      float[] weights,
      int length,
      float marginGoal,
      boolean[] correct) {
    int targets = 0;
    int right = 0;
    int securePrefix = 0;
    int exactPrefix = 0;
    double sum = 0;
    float minMargin = Float.POSITIVE_INFINITY;
    for (int i = 0; i < length; i++) {
      boolean given = weights[i] == 0;
      correct[i] = given || margins[i] > 0;
      if (!given) {
        targets++;
        right += correct[i] ? 1 : 0;
        sum += crossEntropies[i];
        minMargin = Math.min(minMargin, margins[i]);
      }
      if (correct[i] && exactPrefix == i) {
        exactPrefix++;
      }
      if ((given || margins[i] >= marginGoal) && securePrefix == i) {
        securePrefix++;
      }
    }
    return new Score(
        securePrefix,
        exactPrefix,
        right,
        targets == 0 ? 1 : (double) right / targets,
        targets == 0 ? 0 : sum / targets,
        minMargin);
  }
}
