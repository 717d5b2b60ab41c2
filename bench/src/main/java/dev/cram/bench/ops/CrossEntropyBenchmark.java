package dev.cram.bench.ops;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.op.CrossEntropy;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The loss of 64 rows of logits, on one thread; the vocabulary of SmolLM2-135M. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Thread)
public class CrossEntropyBenchmark {
  private static final int ROWS = 64;
  private static final int VOCABULARY_SIZE = 49_152;
  private static final int TARGET = 7;

  private OpState memory;
  private Matrix fresh;
  private Matrix logits;
  private float[] sums;

  @Setup
  public void setUp() {
    memory = new OpState();
    fresh = memory.random(ROWS, VOCABULARY_SIZE);
    logits = memory.random(ROWS, VOCABULARY_SIZE);
    sums = new float[ROWS];
  }

  @TearDown
  public void tearDown() {
    memory.close();
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
