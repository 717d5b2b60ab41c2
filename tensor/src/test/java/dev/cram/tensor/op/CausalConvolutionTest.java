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
      for (int row = 0; row < rows; row++) {
        c.op.forward(c.x, c.window, 0, c.y, row);
        c.op.backward(c.dy, dx, row, rows);
      }

      double[] gradient = Numeric.doubles(c.dy);
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
      for (int row = 0; row < rows; row++) {
        c.op.forward(c.x, c.window, 0, c.y, row);
      }

      for (int from = 0; from < rows; from += piece) {
        int to = Math.min(rows, from + piece);
        // Rows of earlier pieces may be overwritten: only the window has them.
        Matrix x = Matrix.allocate(arena, rows, 2 * 83);
        for (int row = from; row < to; row++) {
          x.copyRow(row, c.x, row);
        }
        for (int row = from; row < to; row++) {
          c.op.forward(x, c.window, from, pieces, row);
        }
        c.op.slide(x, from, to, c.window);
      }

      Numeric.assertSameBits(pieces.toArray(), c.y.toArray());
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
          y[row * channels + channel] = sum;
        }
      }
      return y;
    }
  }
}
