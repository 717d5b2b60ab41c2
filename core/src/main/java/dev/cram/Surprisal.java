package dev.cram;

import dev.cram.lm.CausalLm;
import dev.cram.lm.GradientPass;
import dev.cram.recipe.Objective;
import dev.cram.tensor.Workers;
import java.util.Arrays;

/**
 * How hard a text is for a model without vectors, token by token: one pass, a fraction of a step.
 *
 * <p>One thread at a time may use an instance.
 */
final class Surprisal implements AutoCloseable {
  /** Even a token that the model foresees takes some of a vector's room. */
  private static final float LEAST_NATS = 1;

  /**
   * The longest text in one pass, in tokens; a longer one is measured in pieces. A segment sees no
   * more before it either, and a pass takes memory by the row.
   */
  static final int WINDOW = 128;

  private final CausalLm lm;
  private final Workers workers;
  private GradientPass pass;

  Surprisal(CausalLm lm, Workers workers) {
    this.lm = lm;
    this.workers = workers;
  }

  /**
   * The cross-entropy of each token after those before it, in nats, but at least {@value
   * #LEAST_NATS}; the first, which nothing precedes, has the mean of the others.
   */
  double[] of(int[] tokens) {
    double[] nats = new double[tokens.length];
    int window = Math.min(WINDOW, lm.maxPositions());
    for (int at = 0; at < tokens.length; at += window) {
      measure(Arrays.copyOfRange(tokens, at, Math.min(tokens.length, at + window)), at, nats);
    }
    return nats;
  }

  private void measure(int[] tokens, int at, double[] nats) {
    int n = tokens.length;
    double sum = 0;
    if (n > 1) {
      reserve(n - 1);
      float[] weights = new float[n];
      Objective.GIVEN_FIRST.weigh(n, weights);
      pass.text(tokens, 0);
      pass.run(null, n, weights, null);
      for (int i = 1; i < n; i++) {
        nats[at + i] = Math.max(LEAST_NATS, pass.crossEntropies()[i]);
        sum += nats[at + i];
      }
    }
    nats[at] = n > 1 ? sum / (n - 1) : Math.log(lm.vocabularySize());
  }

  private void reserve(int rows) {
    if (pass == null || pass.maxRows() < rows) {
      close();
      pass = new GradientPass(lm, rows, workers);
    }
  }

  /** Releases the memory of the pass. */
  @Override
  public void close() {
    if (pass != null) {
      pass.close();
      pass = null;
    }
  }
}
