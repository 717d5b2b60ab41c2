package dev.cram.bench.ops;

import dev.cram.tensor.BFloat16;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.op.Activation;
import dev.cram.tensor.op.GeGlu;
import dev.cram.tensor.op.LayerNorm;
import dev.cram.tensor.op.RmsNorm;
import dev.cram.tensor.op.Rope;
import dev.cram.tensor.op.Sum;
import dev.cram.tensor.op.SwiGlu;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** What is done row by row between the products, all rows on one thread; sizes of SmolLM2-135M. */
public class RowOpsBenchmark extends OpBenchmark {
  private static final int HIDDEN_SIZE = 576;
  private static final int INTERMEDIATE_SIZE = 1536;
  private static final int HEADS = 9;
  private static final int HEAD_DIM = 64;
  private static final float EPS = 1e-5f;

  @Param({"64", "256"})
  public int rows;

  private Matrix x;
  private Matrix y;
  private Matrix dy;
  private Matrix weight;
  private Matrix bias;
  private Matrix wide;
  private Matrix dWide;
  private Matrix half;
  private Matrix dHalf;
  private float[] means;
  private float[] inverseDeviations;
  private Rope rope;

  @Setup
  public void setUp() {
    x = random(rows, HIDDEN_SIZE);
    y = random(rows, HIDDEN_SIZE);
    dy = random(rows, HIDDEN_SIZE);
    weight = random(1, HIDDEN_SIZE);
    bias = random(1, HIDDEN_SIZE);
    wide = random(rows, 2 * INTERMEDIATE_SIZE);
    dWide = random(rows, 2 * INTERMEDIATE_SIZE);
    half = random(rows, INTERMEDIATE_SIZE);
    dHalf = random(rows, INTERMEDIATE_SIZE);
    means = new float[rows];
    inverseDeviations = new float[rows];
    rope = new Rope(arena, Rope.inverseFrequencies(10_000, HEAD_DIM), rows);
    rmsNormForward();
    layerNormForward();
  }

  @Benchmark
  public void rmsNormForward() {
    for (int row = 0; row < rows; row++) {
      inverseDeviations[row] = RmsNorm.forward(x, weight, EPS, y, row);
    }
  }

  @Benchmark
  public void rmsNormBackward() {
    for (int row = 0; row < rows; row++) {
      RmsNorm.backward(x, weight, inverseDeviations[row], dy, y, row);
    }
  }

  @Benchmark
  public void layerNormForward() {
    for (int row = 0; row < rows; row++) {
      LayerNorm.forward(x, weight, bias, EPS, y, row, means, inverseDeviations);
    }
  }

  @Benchmark
  public void layerNormBackward() {
    for (int row = 0; row < rows; row++) {
      LayerNorm.backward(x, weight, means, inverseDeviations, dy, y, row);
    }
  }

  @Benchmark
  public void swiGluForward() {
    for (int row = 0; row < rows; row++) {
      SwiGlu.forward(wide, half, row);
    }
  }

  @Benchmark
  public void swiGluBackward() {
    for (int row = 0; row < rows; row++) {
      SwiGlu.backward(wide, dHalf, dWide, row);
    }
  }

  @Benchmark
  public void geGluForward() {
    for (int row = 0; row < rows; row++) {
      GeGlu.forward(wide, half, row);
    }
  }

  @Benchmark
  public void geGluBackward() {
    for (int row = 0; row < rows; row++) {
      GeGlu.backward(wide, dHalf, dWide, row);
    }
  }

  @Benchmark
  public void geluForward() {
    for (int row = 0; row < rows; row++) {
      Activation.GELU.forward(wide, dWide, row);
    }
  }

  @Benchmark
  public void geluBackward() {
    for (int row = 0; row < rows; row++) {
      Activation.GELU.backward(half, dHalf, dHalf, row);
    }
  }

  /** A rotation forth and back, so that the values stay what they are. */
  @Benchmark
  public void ropeForwardAndBackward() {
    for (int row = 0; row < rows; row++) {
      rope.forward(x, row, 0, HEADS, HEAD_DIM, row);
      rope.backward(x, row, 0, HEADS, HEAD_DIM, row);
    }
  }

  @Benchmark
  public void sum() {
    for (int row = 0; row < rows; row++) {
      Sum.of(x, dy, y, row);
    }
  }

  @Benchmark
  public void roundToBFloat16() {
    BFloat16.convert(half.data(), 0, dWide.data(), 0, rows * INTERMEDIATE_SIZE);
  }
}
