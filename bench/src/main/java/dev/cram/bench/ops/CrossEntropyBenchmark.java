package dev.cram.bench.ops;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.op.CrossEntropy;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;

/** The loss of 64 rows of logits, on one thread; the vocabulary of SmolLM2-135M. */
public class CrossEntropyBenchmark extends OpBenchmark {
  private static final int ROWS = 64;
  private static final int VOCABULARY_SIZE = 49_152;
  private static final int TARGET = 7;

  private Matrix fresh;
  private Matrix logits;
  private float[] sums;

  @Setup
  public void setUp() {
    fresh = random(ROWS, VOCABULARY_SIZE);
    logits = random(ROWS, VOCABULARY_SIZE);
    sums = new float[ROWS];
  }

  /** What {@link #lossAndGradient} takes beside the loss: the logits are overwritten by it. */
  @Benchmark
  public void copyOfTheLogits() {
    logits.copyFrom(fresh);
  }

  @Benchmark
  public float highestOtherLogit() {
    float sum = 0;
    for (int row = 0; row < ROWS; row++) {
      sum += CrossEntropy.rival(fresh, row, TARGET);
    }
    return sum;
  }

  @Benchmark
  public void lossAndGradient() {
    logits.copyFrom(fresh);
    for (int row = 0; row < ROWS; row++) {
      float rival = CrossEntropy.rival(logits, row, TARGET);
      CrossEntropy.forward(logits, row, TARGET, rival, sums, row);
      CrossEntropy.backward(logits, row, TARGET, sums[row], 1f / ROWS);
    }
  }
}
