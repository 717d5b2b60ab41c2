package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.TestMatrices;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CausalConvolutionTest {
  @ParameterizedTest
  @CsvSource({
    "4, 64, 9",
    "4, 160, 1",
    "4, 24, 2",
    "4, 5, 3",
    "4, 17, 4",
    "4, 100, 5",
    "1, 20, 3",
    "2, 16, 4"
  })
  void agreesWithTheFormulaAndItsFiniteDifferences(int kernel, int channels, int rows) {
    try (Arena arena = Arena.ofConfined()) {
      Case c = new Case(arena, kernel, channels, rows);
      Matrix dx = Matrix.allocate(arena, rows, 2 * channels);
      double[] gradient = Numeric.doubles(c.dy);
      for (int block = 0; block < c.op.blocks(); block++) {
        c.op.forward(block, c.x, c.window, c.y, 0, rows);
        c.op.backward(block, c.x, c.dy, dx, rows);
      }

      double[] x = Numeric.doubles(c.x);
      Numeric.assertClose(Numeric.doubles(c.y), c.reference(x), 1e-6);
      Numeric.assertGradient(
          Numeric.doubles(dx), in -> Numeric.dot(gradient, c.reference(in)), x, 200, 2e-6);
    }
  }

  @ParameterizedTest
  @CsvSource({"4, 1", "4, 2", "4, 3", "4, 4", "4, 5", "4, 100", "1, 2", "2, 1"})
  void rowsMayComeInPieces(int kernel, int piece) {
    int rows = 11;
    try (Arena arena = Arena.ofConfined()) {
      Case c = new Case(arena, kernel, 83, rows);
      Matrix pieces = Matrix.allocate(arena, rows, 83);
      // What an earlier sequence has left in the window does not matter.
      c.window.fill(7f);
      for (int block = 0; block < c.op.blocks(); block++) {
        c.op.forward(block, c.x, c.window, c.y, 0, rows);
        for (int from = 0; from < rows; from += piece) {
          c.op.forward(block, c.x, c.window, pieces, from, Math.min(rows, from + piece));
        }
      }
      Numeric.assertSameBits(pieces.toArray(), c.y.toArray());
    }
  }

  @ParameterizedTest
  @CsvSource({"4, 40", "1, 7"})
  void overwritesItsInputWithTheGradient(int kernel, int channels) {
    try (Arena arena = Arena.ofConfined()) {
      Case c = new Case(arena, kernel, channels, 6);
      Matrix dy = Matrix.allocate(arena, 6, channels);
      dy.copyFrom(c.dy);
      Matrix dx = Matrix.allocate(arena, 6, 2 * channels);
      Matrix x = Matrix.allocate(arena, 6, 2 * channels);
      x.copyFrom(c.x);
      for (int block = 0; block < c.op.blocks(); block++) {
        c.op.backward(block, c.x, c.dy, dx, 6);
        c.op.backward(block, x, dy, x, 6);
      }
      for (int row = 0; row < 6; row++) {
        for (int col = 0; col < channels; col++) {
          org.assertj.core.api.Assertions.assertThat(x.get(row, col)).isEqualTo(dx.get(row, col));
        }
      }
    }
  }

  /** Random weights and rows, of which the first half of the columns is convolved. */
  private static final class Case {
    final int kernel;
    final int channels;
    final float[] weight;
    final float[] bias;
    final CausalConvolution op;
    final Matrix x;
    final Matrix window;
    final Matrix y;
    final Matrix dy;

    Case(Arena arena, int kernel, int channels, int rows) {
      Random random = new Random(kernel * 1000L + channels + rows);
      this.kernel = kernel;
      this.channels = channels;
      weight = TestMatrices.gaussian(arena, channels, kernel, random).toArray();
      bias = TestMatrices.gaussian(arena, 1, channels, random).toArray();
      op = new CausalConvolution(weight, bias);
      x = TestMatrices.gaussian(arena, rows, 2 * channels, random);
      window = Matrix.allocate(arena, kernel - 1, channels);
      y = Matrix.allocate(arena, rows, channels);
      dy = TestMatrices.gaussian(arena, rows, channels, random);
    }

    double[] reference(double[] x) {
      int rows = x.length / (2 * channels);
      double[] y = new double[rows * channels];
      for (int row = 0; row < rows; row++) {
        for (int channel = 0; channel < channels; channel++) {
          double sum = bias[channel];
          for (int k = 0; k < kernel; k++) {
            int source = row - kernel + 1 + k;
            if (source >= 0) {
              sum += weight[channel * kernel + k] * x[source * 2 * channels + channel];
            }
          }
          y[row * channels + channel] = sum / (1 + Math.exp(-sum));
        }
      }
      return y;
    }
  }
}
