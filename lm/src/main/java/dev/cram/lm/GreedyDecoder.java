package dev.cram.lm;

import dev.cram.lm.arch.Network;
import dev.cram.lm.layer.Flow;
import dev.cram.lm.layer.Plan;
import dev.cram.lm.layer.Stage;
import dev.cram.tensor.HugePageArena;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.CrossEntropy;
import java.lang.foreign.Arena;

/**
 * Greedy decoding, one token at a time with a cache.
 *
 * <p>This is the path on which exactness is defined: [mem] rows go in together, then each token by
 * itself. One thread at a time may use an instance.
 */
public final class GreedyDecoder implements AutoCloseable {
  /** No token, where logits are no numbers. */
  public static final int NONE = -1;

  private final CausalLm lm;
  private final int maxRows;
  private final Arena arena = new HugePageArena();
  private final Multiplier multiplier;
  private final Flow input;
  private final Stage body;
  private final Matrix logits;
  private int rows;

  /**
   * @param maxRows the longest sequence, K + n - 1
   * @throws InputException if the model cannot take that many positions
   */
  public GreedyDecoder(CausalLm lm, int maxRows, Workers workers) {
    if (maxRows > lm.maxPositions()) {
      throw new InputException(
          "decoding needs "
              + maxRows
              + " positions, but "
              + lm.name()
              + " has room for "
              + lm.maxPositions());
    }
    this.lm = lm;
    this.maxRows = maxRows;
    multiplier = new Multiplier(workers, maxRows);
    Network network = lm.network();
    input = new Flow(Matrix.allocate(arena, maxRows, lm.embeddingSize()), null);
    body = network.body().plan(input, null, new Plan(arena, workers, multiplier, maxRows, false));
    logits = Matrix.allocate(arena, 1, lm.vocabularySize());
  }

  public int maxRows() {
    return maxRows;
  }

  /**
   * Starts a new sequence.
   *
   * @param mem {@code [K, embeddingSize]}
   */
  public void start(Matrix mem) {
    for (int k = 0; k < mem.rows(); k++) {
      input.value().copyRow(k, mem, k);
    }
    rows = 0;
    advance(mem.rows());
  }

  /** Appends a token, whether it is the predicted one or not. */
  public void feed(int token) {
    lm.network().embeddings().copyRow(token, input.value(), rows);
    advance(1);
  }

  private void advance(int count) {
    body.forward(rows, rows + count);
    rows += count;
    lm.network().head().forward(multiplier, body.output(), rows - 1, logits, 0, 1);
  }

  /** The token with the highest logit, of equal ones the first; or {@link #NONE}. */
  public int next() {
    return CrossEntropy.find(logits, 0, CrossEntropy.rival(logits, 0, -1));
  }

  /** Logit of a token. */
  public float logit(int token) {
    return logits.get(0, token);
  }

  /** Logit of a token minus the highest other logit. */
  public float margin(int token) {
    return logits.get(0, token) - CrossEntropy.rival(logits, 0, token);
  }

  /**
   * What is predicted at a place of the text.
   *
   * @param token with the highest logit; of equal ones the first
   * @param probability of that token, 0 to 1
   * @param runnerUp the token with the second-highest logit
   * @param runnerUpProbability of that one
   * @param margin between their logits, at least 0
   */
  public record Prediction(
      int token, float probability, int runnerUp, float runnerUpProbability, float margin) {}

  /**
   * The two most likely tokens. Takes longer than {@link #next}, which gives the first of them.
   *
   * @throws InputException if the logits are no numbers
   */
  public Prediction prediction() {
    float best = CrossEntropy.rival(logits, 0, -1);
    int token = CrossEntropy.find(logits, 0, best);
    if (token == NONE) {
      throw new InputException(
          "these vectors are so large that the model computes no numbers from them");
    }
    float second = CrossEntropy.rival(logits, 0, token);
    logits.set(0, token, Float.NEGATIVE_INFINITY);
    int runnerUp = CrossEntropy.find(logits, 0, second);
    logits.set(0, token, best);
    double sum = 0;
    for (int i = 0; i < logits.cols(); i++) {
      sum += Math.exp(logits.get(0, i) - best);
    }
    return new Prediction(
        token, (float) (1 / sum), runnerUp, (float) (Math.exp(second - best) / sum), best - second);
  }

  /** Releases the memory. */
  @Override
  public void close() {
    multiplier.close();
    arena.close();
  }
}
