package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.TestMatrices;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LayerNormTest {
  private static final float EPS = 1e-5f;
  private final float[] means = new float[3];
  private final float[] inverseDeviations = new float[3];

  @ParameterizedTest
  @CsvSource({
    "2, true",
    "7, true",
    "16, true",
    "33, true",
    "64, true",
    "100, true",
    "577, true",
    "5, false",
    "64, false",
    "100, false"
  })
  void agreesWithTheFormulaAndItsFiniteDifferences(int size, boolean affine) {
    Random random = new Random(size);
    try (Arena arena = Arena.ofConfined()) {
      int rows = 3;
      Matrix x = TestMatrices.gaussian(arena, rows, size, random);
      Matrix weight = affine ? TestMatrices.gaussian(arena, 1, size, random) : null;
      Matrix bias = affine ? TestMatrices.gaussian(arena, 1, size, random) : null;
      Matrix dy = TestMatrices.gaussian(arena, rows, size, random);
      Matrix y = Matrix.allocate(arena, rows, size);
      Matrix dx = Matrix.allocate(arena, rows, size);
      for (int row = 0; row < rows; row++) {
        LayerNorm.forward(x, weight, bias, EPS, y, row, means, inverseDeviations);
        LayerNorm.backward(x, weight, means, inverseDeviations, dy, dx, row);
      }

      double[] w = affine ? Numeric.doubles(weight) : null;
      double[] b = affine ? Numeric.doubles(bias) : null;
      double[] gradient = Numeric.doubles(dy);
      Numeric.assertClose(
          Numeric.doubles(y), reference(Numeric.doubles(x), w, b, rows, size), 2e-6);
      Numeric.assertGradient(
          Numeric.doubles(dx),
          in -> Numeric.dot(gradient, reference(in, w, b, rows, size)),
          Numeric.doubles(x),
          200,
          5e-6);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void worksInPlaceInBothDirections(boolean affine) {
    Random random = new Random(2);
    try (Arena arena = Arena.ofConfined()) {
      Matrix x = TestMatrices.gaussian(arena, 1, 45, random);
      Matrix weight = affine ? TestMatrices.gaussian(arena, 1, 45, random) : null;
      Matrix bias = affine ? TestMatrices.gaussian(arena, 1, 45, random) : null;
      Matrix dy = TestMatrices.gaussian(arena, 1, 45, random);
      Matrix y = Matrix.allocate(arena, 1, 45);
      Matrix dx = Matrix.allocate(arena, 1, 45);
      LayerNorm.forward(x, weight, bias, EPS, y, 0, means, inverseDeviations);
      LayerNorm.backward(x, weight, means, inverseDeviations, dy, dx, 0);

      LayerNorm.backward(x, weight, means, inverseDeviations, dy, dy, 0);
      LayerNorm.forward(x, weight, bias, EPS, x, 0, means, inverseDeviations);

      assertThat(dy.toArray()).isEqualTo(dx.toArray());
      assertThat(x.toArray()).isEqualTo(y.toArray());
    }
  }

  @Test
  void turnsAConstantRowIntoTheBias() {
    try (Arena arena = Arena.ofConfined()) {
      Matrix x = Matrix.allocate(arena, 1, 20);
      x.fill(3f);
      Matrix weight = TestMatrices.gaussian(arena, 1, 20, new Random(1));
      Matrix bias = TestMatrices.gaussian(arena, 1, 20, new Random(2));
      Matrix y = Matrix.allocate(arena, 1, 20);

      LayerNorm.forward(x, weight, bias, EPS, y, 0, means, inverseDeviations);

      assertThat(y.toArray()).isEqualTo(bias.toArray());
    }
  }

  /** Rows far from zero: the variance must not come from a difference of squares. */
  @Test
  void keepsItsPrecisionFarFromZero() {
    Random random = new Random(4);
    try (Arena arena = Arena.ofConfined()) {
      Matrix x = TestMatrices.gaussian(arena, 1, 300, random);
      for (int i = 0; i < 300; i++) {
        x.set(0, i, x.get(0, i) + 1000f);
      }
      Matrix y = Matrix.allocate(arena, 1, 300);

      LayerNorm.forward(x, null, null, EPS, y, 0, means, inverseDeviations);

      Numeric.assertClose(
          Numeric.doubles(y), reference(Numeric.doubles(x), null, null, 1, 300), 2e-4);
    }
  }

  private static double[] reference(
      double[] x, double[] weight, double[] bias, int rows, int size) {
    double[] y = new double[x.length];
    for (int row = 0; row < rows; row++) {
      int from = row * size;
      double mean = 0;
      double variance = 0;
      for (int i = 0; i < size; i++) {
        mean += x[from + i] / size;
      }
      for (int i = 0; i < size; i++) {
        variance += Math.pow(x[from + i] - mean, 2) / size;
      }
      for (int i = 0; i < size; i++) {
        double normalised = (x[from + i] - mean) / Math.sqrt(variance + EPS);
        y[from + i] = weight == null ? normalised : normalised * weight[i] + bias[i];
      }
    }
    return y;
  }
}
