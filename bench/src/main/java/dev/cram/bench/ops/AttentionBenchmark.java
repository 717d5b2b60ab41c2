package dev.cram.bench.ops;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.op.Attention;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** Causal attention of one layer, all heads on one thread; sizes of SmolLM2-135M. */
public class AttentionBenchmark extends OpBenchmark {
  private static final int HEADS = 9;
  private static final int KV_HEADS = 3;
  private static final int HEAD_DIM = 64;

  @Param({"64", "256", "1024"})
  public int rows;

  private Attention attention;
  private Matrix qkv;
  private Matrix y;
  private Matrix dy;
  private Matrix dq;
  private Matrix dkv;

  @Setup
  public void setUp() {
    attention =
        new Attention(
            HEADS, KV_HEADS, HEAD_DIM, (float) (1 / Math.sqrt(HEAD_DIM)), Attention.NO_WINDOW);
    qkv = random(rows, (HEADS + 2 * KV_HEADS) * HEAD_DIM);
    y = random(rows, HEADS * HEAD_DIM);
    dy = random(rows, HEADS * HEAD_DIM);
    dq = random(rows, HEADS * HEAD_DIM);
    dkv = random(rows, 2 * HEADS * HEAD_DIM);
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
