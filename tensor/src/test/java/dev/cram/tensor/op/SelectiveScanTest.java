package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.TestMatrices;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SelectiveScanTest {
  @ParameterizedTest
  @CsvSource({
    "64, 16, 40",
    "1, 16, 1",
    "5, 3, 2",
    "70, 16, 17",
    "130, 4, 15",
    "24, 20, 65",
    "16, 1, 16"
  })
  void agreesWithTheFormulaAndItsFiniteDifferences(int channels, int stateSize, int rows) {
    try (Arena arena = Arena.ofConfined()) {
      Case c = new Case(arena, channels, stateSize, rows);
      c.forward(rows);
      double[] y = Numeric.doubles(c.y);
      double[] x = c.variables();
      Numeric.assertClose(y, c.reference(x), 1e-5);

      double[] gradient = Numeric.doubles(c.dy);
      c.backward(rows);

      Numeric.assertGradient(
          c.gradients(), in -> Numeric.dot(gradient, c.reference(in)), x, 400, 1e-5);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 31, 32, 33, 50})
  void rowsMayComeInPieces(int piece) {
    int rows = 70;
    try (Arena arena = Arena.ofConfined()) {
      Case c = new Case(arena, 37, 16, rows);
      c.forward(rows);
      float[] whole = c.y.toArray();
      c.y.fill(0f);

      // The states that the whole sequence has left behind do not matter.
      c.forward(piece);

      Numeric.assertSameBits(c.y.toArray(), whole);
    }
  }

  /** Time steps far outside of what training gives: states that forget all, or nothing. */
  @ParameterizedTest
  @ValueSource(floats = {-100f, -30f, 30f, 1000f})
  void staysFiniteAtAnyTimeStep(float timeStep) {
    try (Arena arena = Arena.ofConfined()) {
      Case c = new Case(arena, 20, 16, 20);
      c.timeStep.fill(timeStep);
      c.forward(20);
      Numeric.assertClose(Numeric.doubles(c.y), c.reference(c.variables()), 1e-4);
      c.backward(20);
      for (double gradient : c.gradients()) {
        assertThat(gradient).isFinite();
      }
    }
  }

  /** A scan with random weights and inputs. */
  private static final class Case {
    private static final int BC_COL = 3;
    final int channels;
    final int stateSize;
    final int rows;
    final float[] a;
    final float[] d;
    final SelectiveScan op;
    final SelectiveScan.Scratch scratch;
    final Matrix x;
    final Matrix timeStep;
    final Matrix bc;
    final Matrix z;
    final SelectiveScan.Inputs in;
    final Matrix state;
    final Matrix checkpoints;
    final Matrix y;
    final Matrix dy;
    final SelectiveScan.Inputs dIn;

    Case(Arena arena, int channels, int stateSize, int rows) {
      Random random = new Random(channels * 10_000L + stateSize * 100L + rows);
      this.channels = channels;
      this.stateSize = stateSize;
      this.rows = rows;
      a = new float[channels * stateSize];
      for (int i = 0; i < a.length; i++) {
        a[i] = (float) -Math.exp(random.nextGaussian());
      }
      d = TestMatrices.gaussian(arena, 1, channels, random).toArray();
      op = new SelectiveScan(a, d);
      scratch = new SelectiveScan.Scratch(stateSize);
      x = TestMatrices.gaussian(arena, rows, channels, random);
      timeStep = TestMatrices.gaussian(arena, rows, channels, random);
      bc = TestMatrices.gaussian(arena, rows, BC_COL + 2 * stateSize, random);
      z = TestMatrices.gaussian(arena, rows, 2 * channels, random);
      in = new SelectiveScan.Inputs(x, timeStep, bc, BC_COL, z, channels);
      state = Matrix.allocate(arena, 1, op.stateFloats());
      checkpoints = Matrix.allocate(arena, SelectiveScan.checkpoints(rows), op.stateFloats());
      y = Matrix.allocate(arena, rows, channels);
      dy = TestMatrices.gaussian(arena, rows, channels, random);
      // In place, as a layer has it that computes its inputs again.
      Matrix dBc = Matrix.allocate(arena, rows, op.blocks() * 2 * stateSize);
      dIn = new SelectiveScan.Inputs(x, timeStep, dBc, 0, z, channels);
    }

    void forward(int piece) {
      for (int block = 0; block < op.blocks(); block++) {
        for (int from = 0; from < rows; from += piece) {
          int to = Math.min(rows, from + piece);
          op.forward(block, in, state, piece < rows ? null : checkpoints, y, from, to, scratch);
        }
      }
    }

    void backward(int rows) {
      for (int block = 0; block < op.blocks(); block++) {
        op.backward(block, in, checkpoints, dy, rows, dIn, scratch);
      }
    }

    /** x, time steps, B and C, z, one after the other. */
    double[] variables() {
      double[] variables = new double[rows * (3 * channels + 2 * stateSize)];
      int at = 0;
      for (int row = 0; row < rows; row++) {
        for (int channel = 0; channel < channels; channel++) {
          variables[at++] = x.get(row, channel);
          variables[at++] = timeStep.get(row, channel);
          variables[at++] = z.get(row, channels + channel);
        }
        for (int i = 0; i < 2 * stateSize; i++) {
          variables[at++] = bc.get(row, BC_COL + i);
        }
      }
      return variables;
    }

    /** After {@link #backward}, in the order of {@link #variables}. */
    double[] gradients() {
      double[] gradients = new double[rows * (3 * channels + 2 * stateSize)];
      int at = 0;
      for (int row = 0; row < rows; row++) {
        for (int channel = 0; channel < channels; channel++) {
          gradients[at++] = dIn.x().get(row, channel);
          gradients[at++] = dIn.timeStep().get(row, channel);
          gradients[at++] = dIn.z().get(row, channels + channel);
        }
        for (int i = 0; i < 2 * stateSize; i++, at++) {
          for (int block = 0; block < op.blocks(); block++) {
            gradients[at] += dIn.bc().get(row, block * 2 * stateSize + i);
          }
        }
      }
      return gradients;
    }

    double[] reference(double[] variables) {
      double[] y = new double[rows * channels];
      double[] h = new double[channels * stateSize];
      int stride = 3 * channels + 2 * stateSize;
      for (int row = 0; row < rows; row++) {
        double[] in = Arrays.copyOfRange(variables, row * stride, (row + 1) * stride);
        for (int channel = 0; channel < channels; channel++) {
          double x = in[3 * channel];
          double step = in[3 * channel + 1];
          double delta = step > 30 ? step : Math.log1p(Math.exp(step));
          double z = in[3 * channel + 2];
          double sum = d[channel] * x;
          for (int s = 0; s < stateSize; s++) {
            int i = channel * stateSize + s;
            h[i] = Math.exp(delta * a[i]) * h[i] + delta * x * in[3 * channels + s];
            sum += h[i] * in[3 * channels + stateSize + s];
          }
          y[row * channels + channel] = sum * z / (1 + Math.exp(-z));
        }
      }
      return y;
    }
  }
}
