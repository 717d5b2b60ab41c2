package dev.cram.recipe;

import java.util.Arrays;

/** What is minimised: how much the cross-entropy of each target counts. */
@FunctionalInterface
public interface Objective {
  /**
   * Weighs the targets t_1 .. t_length.
   *
   * @param weights filled up to {@code length}; leading zeros mean targets that are given
   */
  void weigh(int length, float[] weights);

  /**
   * The mean over t_2 .. t_n, t_1 being given: the convention of Kuratov et al. 2025. A text of one
   * token has nothing to predict.
   */
  Objective GIVEN_FIRST =
      (length, weights) -> {
        Arrays.fill(weights, 0, length, 1f / Math.max(1, length - 1));
        weights[0] = 0f;
      };

  /** The mean over t_1 .. t_n: nothing but the vectors is needed to decode. */
  Objective PREDICT_ALL = (length, weights) -> Arrays.fill(weights, 0, length, 1f / length);
}
