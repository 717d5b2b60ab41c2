package dev.cram.lm;

import dev.cram.lm.arch.Network;
import dev.cram.lm.layer.Flow;
import dev.cram.lm.layer.Plan;
import dev.cram.lm.layer.Stage;
import dev.cram.lm.layer.Steady;
import dev.cram.tensor.HugePageArena;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.CrossEntropy;
import java.lang.foreign.Arena;

/**
 * The loss of a text given its [mem] vectors, and the gradient to these vectors.
 *
 * <p>Input rows are {@code [mem_1 .. mem_K, E(t_1) .. E(t_(n-1))]}: the row of the last token would
 * predict nothing. All memory is reserved at construction; a step allocates nothing once a length
 * has been seen. One thread at a time may use an instance.
 */
public final class GradientPass implements AutoCloseable {
  /** Logits exist for this many rows at a time. */
  private static final int LOGIT_ROWS = 64;

  private final CausalLm lm;
  private final Workers workers;
  private final int maxRows;
  private final Arena arena = new HugePageArena();
  private final Multiplier multiplier;
  private final Steady steady = new Steady();
  private final Flow input;
  private final Stage body;
  private final Matrix dHidden;
  private final Matrix zeros;
  private final Matrix logits;
  private final float[] crossEntropies;
  private final float[] margins;
  private final float[] sums;
  private final Workers.Task lossOfRow = this::lossOfRow;

  private int[] tokens = {};
  private int vectors;

  /** The row that predicts the first target. */
  private int firstRow;

  private float[] weights;
  private boolean wantGradient;
  private int blockTarget;

  /**
   * @param maxRows the most input rows: K + n - 1
   * @throws InputException if the model cannot take that many positions
   */
  public GradientPass(CausalLm lm, int maxRows, Workers workers) {
    if (maxRows > lm.maxPositions()) {
      throw new InputException(
          "a sequence of "
              + maxRows
              + " positions was asked for, but "
              + lm.name()
              + " has room for "
              + lm.maxPositions()
              + "; use fewer vectors or shorter segments");
    }
    this.lm = lm;
    this.workers = workers;
    this.maxRows = maxRows;
    multiplier = new Multiplier(workers, maxRows);
    Network network = lm.network();
    int hiddenSize = network.body().outputs();
    int width = lm.embeddingSize();
    input =
        new Flow(
            Matrix.allocate(arena, maxRows, width), Matrix.allocate(arena, maxRows, width), steady);
    dHidden = Matrix.allocate(arena, maxRows, hiddenSize);
    zeros = Matrix.allocate(arena, 1, hiddenSize);
    logits = Matrix.allocate(arena, Math.min(LOGIT_ROWS, maxRows), lm.vocabularySize());
    body = network.body().plan(input, dHidden, new Plan(arena, workers, multiplier, maxRows, true));
    crossEntropies = new float[maxRows + 1];
    margins = new float[maxRows + 1];
    sums = new float[logits.rows()];
  }

  /** The most input rows of a step: K + n - 1. */
  public int maxRows() {
    return maxRows;
  }

  /**
   * Sets the text and how many [mem] vectors stand before it.
   *
   * @param tokens t_1 .. t_n, at least one; kept, not copied
   * @param vectors K; 0 for the text by itself, whose first token is then given
   * @throws IllegalArgumentException if it does not fit into the rows of this pass
   */
  public void text(int[] tokens, int vectors) {
    if (vectors < 0 || tokens.length < 1 || vectors + tokens.length - 1 > maxRows) {
      throw new IllegalArgumentException(
          vectors + " vectors and " + tokens.length + " tokens in a pass of " + maxRows + " rows");
    }
    this.tokens = tokens;
    this.vectors = vectors;
    firstRow = vectors - 1;
    steady.begin(vectors);
    for (int i = 0; i < tokens.length - 1; i++) {
      lm.network().embeddings().copyRow(tokens[i], input.value(), vectors + i);
    }
  }

  /**
   * Sets a text that is predicted in one step: a vector stands in the place of each token, none of
   * which is fed back, and row i predicts token i (Mezentsev and Oseledets 2025).
   *
   * @param tokens t_1 .. t_n, at least one; kept, not copied
   * @throws IllegalArgumentException if it does not fit into the rows of this pass
   */
  public void oneStep(int[] tokens) {
    if (tokens.length < 1 || tokens.length > maxRows) {
      throw new IllegalArgumentException(
          tokens.length + " tokens in one step in a pass of " + maxRows + " rows");
    }
    this.tokens = tokens;
    vectors = tokens.length;
    firstRow = 0;
    steady.begin(vectors);
  }

  /**
   * Runs forward and backward on a prefix of the text.
   *
   * @param mem {@code [K, embeddingSize]}; not used if K is 0
   * @param length how many tokens of the text take part, from 1
   * @param weights what the cross-entropy of target i counts in the objective, {@code [length]};
   *     leading zeros are targets that are given rather than predicted
   * @param gradient receives the objective's gradient to mem, {@code [K, embeddingSize]}; null to
   *     run forward only
   * @return the objective: the weighted sum of cross-entropies, in nats
   */
  public double run(Matrix mem, int length, float[] weights, Matrix gradient) {
    int rows = firstRow + length;
    int vectors = Math.min(this.vectors, rows);
    this.weights = weights;
    wantGradient = gradient != null;
    for (int k = 0; k < vectors; k++) {
      input.value().copyRow(k, mem, k);
    }
    body.forward(0, rows);
    steady.computed(rows);
    int firstTarget = 0;
    while (firstTarget < length - 1 && weights[firstTarget] == 0) {
      crossEntropies[firstTarget] = 0;
      margins[firstTarget] = 0;
      firstTarget++;
    }
    if (wantGradient) {
      int unpredicted = firstRow + firstTarget;
      for (int row = 0; row < unpredicted; row++) {
        dHidden.copyRow(row, zeros, 0);
      }
    }
    for (int target = firstTarget; target < length; target += logits.rows()) {
      losses(target, Math.min(length, target + logits.rows()));
    }
    if (wantGradient) {
      body.backward(rows);
      for (int k = 0; k < vectors; k++) {
        gradient.copyRow(k, input.gradient(), k);
      }
    }
    double objective = 0;
    for (int target = firstTarget; target < length; target++) {
      objective += (double) weights[target] * crossEntropies[target];
    }
    return objective;
  }

  /**
   * Losses of targets {@code from} to {@code to}, and the gradient to the rows that predict them.
   */
  private void losses(int from, int to) {
    int count = to - from;
    int row = firstRow + from;
    blockTarget = from;
    lm.network().head().forward(multiplier, body.output(), row, logits, 0, count);
    workers.run(lossOfRow, count);
    if (wantGradient) {
      lm.network().head().backward(multiplier, logits, 0, dHidden, row, count);
    }
  }

  private void lossOfRow(int row, int worker) {
    int target = blockTarget + row;
    int token = tokens[target];
    float rival = CrossEntropy.rival(logits, row, token);
    margins[target] = logits.get(row, token) - rival;
    crossEntropies[target] = CrossEntropy.forward(logits, row, token, rival, sums, row);
    if (wantGradient) {
      CrossEntropy.backward(logits, row, token, sums[row], weights[target]);
    }
  }

  /** Cross-entropy of each target of the last run, in nats; not to be changed. */
  public float[] crossEntropies() {
    return crossEntropies;
  }

  /**
   * Logit of each target minus the highest other logit, in the last run; above 0 where the
   * teacher-forced argmax is right. Not to be changed.
   */
  public float[] margins() {
    return margins;
  }

  /** Releases the memory. */
  @Override
  public void close() {
    multiplier.close();
    arena.close();
  }
}
