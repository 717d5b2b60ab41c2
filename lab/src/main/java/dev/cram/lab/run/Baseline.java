package dev.cram.lab.run;

import dev.cram.lm.CausalLm;
import dev.cram.lm.GradientPass;
import dev.cram.recipe.Objective;
import dev.cram.tensor.Workers;

/**
 * How well the model predicts a text without vectors, its first token given.
 *
 * @param crossEntropies of each token of the text, in nats; 0 for the first
 * @param right whether the argmax is the token; the first counts as wrong, since nothing predicts
 *     it
 */
public record Baseline(float[] crossEntropies, boolean[] right) {

  /**
   * Measures a text; that of a shorter prefix needs no further pass, since the model is causal.
   *
   * @param tokens at least two
   */
  public static Baseline of(CausalLm lm, Workers workers, int[] tokens) {
    int n = tokens.length;
    float[] weights = new float[n];
    Objective.GIVEN_FIRST.weigh(n, weights);
    float[] crossEntropies = new float[n];
    boolean[] right = new boolean[n];
    try (GradientPass pass = new GradientPass(lm, n - 1, workers)) {
      pass.text(tokens, 0);
      pass.run(null, n, weights, null);
      for (int i = 1; i < n; i++) {
        crossEntropies[i] = pass.crossEntropies()[i];
        right[i] = pass.margins()[i] > 0;
      }
    }
    return new Baseline(crossEntropies, right);
  }

  /** Mean over the predicted tokens among the first {@code length}, in nats. */
  public double crossEntropy(int length) {
    double sum = 0;
    for (int i = 1; i < length; i++) {
      sum += crossEntropies[i];
    }
    return sum / (length - 1);
  }

  /** How many of the first {@code length} tokens are predicted right. */
  public int correct(int length) {
    int count = 0;
    for (int i = 1; i < length; i++) {
      count += right[i] ? 1 : 0;
    }
    return count;
  }
}
