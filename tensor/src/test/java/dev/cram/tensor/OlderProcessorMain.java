package dev.cram.tensor;

import dev.cram.tensor.onednn.WeightFormat;
import java.lang.foreign.Arena;
import java.util.Random;

/**
 * Checks products against plain sums and prints what it found; started by {@link
 * OlderProcessorTest} in a process whose instruction set is limited.
 */
final class OlderProcessorMain {
  private static final int[][] SHAPES = {
    {1, 64, 176}, {7, 33, 70}, {33, 64, 512}, {64, 129, 300}, {1, 300, 1030},
  };

  private OlderProcessorMain() {}

  public static void main(String[] args) {
    double worst = 0;
    for (Precision precision : Precision.values()) {
      for (int[] shape : SHAPES) {
        worst = Math.max(worst, worstError(shape[0], shape[1], shape[2], precision));
      }
    }
    System.out.println("bf16 products: " + WeightFormat.ofBf16());
    System.out.println(worst < 1e-4 ? "right" : "wrong by " + worst);
  }

  private static double worstError(int rows, int inputs, int outputs, Precision precision) {
    Random random = new Random(rows);
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(2);
        Multiplier multiplier = new Multiplier(workers, rows)) {
      Matrix weight = TestMatrices.gaussian(arena, outputs, inputs, random);
      Matrix bias = TestMatrices.gaussian(arena, 1, outputs, random);
      Matrix x = TestMatrices.gaussian(arena, rows, inputs, random);
      Matrix dy = TestMatrices.gaussian(arena, rows, outputs, random);
      Matrix y = Matrix.allocate(arena, rows, outputs);
      Matrix dx = Matrix.allocate(arena, rows, inputs);
      FrozenLinear linear = FrozenLinear.pack(arena, weight, bias, precision, workers);
      linear.forward(multiplier, x, y, 0, rows);
      linear.backward(multiplier, dy, dx, 0, rows);
      double worst = 0;
      for (int r = 0; r < rows; r++) {
        for (int o = 0; o < outputs; o++) {
          double sum = bias.get(0, o);
          for (int i = 0; i < inputs; i++) {
            sum += value(x.get(r, i), precision) * value(weight.get(o, i), precision);
          }
          worst = larger(worst, y.get(r, o) - sum);
        }
        for (int i = 0; i < inputs; i++) {
          double sum = 0;
          for (int o = 0; o < outputs; o++) {
            sum += value(dy.get(r, o), precision) * value(weight.get(o, i), precision);
          }
          worst = larger(worst, dx.get(r, i) - sum);
        }
      }
      return worst;
    }
  }

  /** NaN counts as infinitely wrong. */
  private static double larger(double worst, double error) {
    return Double.isNaN(error) ? Double.POSITIVE_INFINITY : Math.max(worst, Math.abs(error));
  }

  private static double value(float x, Precision precision) {
    return precision == Precision.BF16 ? BFloat16.round(x) : x;
  }
}
