package dev.cram.bench.ops;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.op.Attention;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Causal attention of one layer, all heads on one thread; sizes of SmolLM2-135M. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Thread)
public class AttentionBenchmark {
  private static final int HEADS = 9;
  private static final int KV_HEADS = 3;
  private static final int HEAD_DIM = 64;

  @Param({"64", "256", "1024"})
  public int rows;

  private OpState memory;
  private Attention attention;
  private Matrix qkv;
  private Matrix y;
  private Matrix dy;
  private Matrix dq;
  private Matrix dkv;

  @Setup
  public void setUp() {
    memory = new OpState();
    attention =
        new Attention(
            HEADS, KV_HEADS, HEAD_DIM, (float) (1 / Math.sqrt(HEAD_DIM)), Attention.NO_WINDOW);
    qkv = memory.random(rows, (HEADS + 2 * KV_HEADS) * HEAD_DIM);
    y = memory.random(rows, HEADS * HEAD_DIM);
    dy = memory.random(rows, HEADS * HEAD_DIM);
    dq = memory.random(rows, HEADS * HEAD_DIM);
    dkv = memory.random(rows, 2 * HEADS * HEAD_DIM);
  }

  @TearDown
  public void tearDown() {
    memory.close();
  }

  @Benchmark
  public void forward() {
    for (int head = 0; head < HEADS; head++) {
      attention.forward(head, qkv, y, 0, rows);
    }
  }

  @Benchmark
  public void backward() {
    for (int head = 0; head < HEADS; head++) {
      int col = head * HEAD_DIM;
      attention.backward(head, qkv, dy, rows, dq, col, dkv, col, HEADS * HEAD_DIM + col);
    }
  }
}
