package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.TestMatrices;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RmsNormTest {
  private static final float EPS = 1e-5f;

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 16, 33, 64, 100, 577})
  void agreesWithTheFormulaAndItsFiniteDifferences(int size) {
    Random random = new Random(size);
    try (Arena arena = Arena.ofConfined()) {
      int rows = 3;
      Matrix x = TestMatrices.gaussian(arena, rows, size, random);
      Matrix weight = TestMatrices.gaussian(arena, 1, size, random);
      Matrix dy = TestMatrices.gaussian(arena, rows, size, random);
      Matrix y = Matrix.allocate(arena, rows, size);
      Matrix dx = Matrix.allocate(arena, rows, size);
      for (int row = 0; row < rows; row++) {
        float inverseRms = RmsNorm.forward(x, weight, EPS, y, row);
        RmsNorm.backward(x, weight, inverseRms, dy, dx, row);
      }

      double[] w = Numeric.doubles(weight);
      double[] gradient = Numeric.doubles(dy);
      Numeric.assertClose(Numeric.doubles(y), reference(Numeric.doubles(x), w), 1e-6);
      Numeric.assertGradient(
          Numeric.doubles(dx),
          in -> Numeric.dot(gradient, reference(in, w)),
          Numeric.doubles(x),
          200,
          2e-6);
    }
  }

  @Test
  void normalisesSomeColumnsOfAWiderRow() {
    Random random = new Random(4);
    int size = 21;
    try (Arena arena = Arena.ofConfined()) {
      Matrix weight = TestMatrices.gaussian(arena, 1, size, random);
      Matrix x = TestMatrices.gaussian(arena, 2, 60, random);
      Matrix dy = TestMatrices.gaussian(arena, 2, 70, random);
      Matrix y = Matrix.allocate(arena, 2, 50);
      Matrix dx = Matrix.allocate(arena, 2, 55);
      Matrix part = columns(arena, x, 17, size);
      Matrix expected = Matrix.allocate(arena, 1, size);
      Matrix expectedGradient = Matrix.allocate(arena, 1, size);
      float inverseRms = RmsNorm.forward(part, weight, EPS, expected, 0);
      RmsNorm.backward(part, weight, inverseRms, columns(arena, dy, 17, size), expectedGradient, 0);

      assertThat(RmsNorm.forward(x, weight, EPS, y, 1, 17)).isEqualTo(inverseRms);
      RmsNorm.backward(x, weight, inverseRms, dy, dx, 1, 17);

      assertThat(columns(arena, y, 17, size).toArray()).isEqualTo(expected.toArray());
      assertThat(columns(arena, dx, 17, size).toArray()).isEqualTo(expectedGradient.toArray());
      assertThat(columns(arena, y, 38, 12).toArray()).containsOnly(0f);
      assertThat(columns(arena, dx, 0, 17).toArray()).containsOnly(0f);
    }
  }

  /** Columns of the second row, as a matrix of one row. */
  private static Matrix columns(Arena arena, Matrix source, int from, int count) {
    Matrix part = Matrix.allocate(arena, 1, count);
    for (int i = 0; i < count; i++) {
      part.set(0, i, source.get(1, from + i));
    }
    return part;
  }

  @Test
  void worksInPlaceInBothDirections() {
    Random random = new Random(2);
    try (Arena arena = Arena.ofConfined()) {
      Matrix x = TestMatrices.gaussian(arena, 1, 45, random);
      Matrix weight = TestMatrices.gaussian(arena, 1, 45, random);
      Matrix dy = TestMatrices.gaussian(arena, 1, 45, random);
      Matrix y = Matrix.allocate(arena, 1, 45);
      Matrix dx = Matrix.allocate(arena, 1, 45);
      float inverseRms = RmsNorm.forward(x, weight, EPS, y, 0);
      RmsNorm.backward(x, weight, inverseRms, dy, dx, 0);

      RmsNorm.backward(x, weight, inverseRms, dy, dy, 0);
      RmsNorm.forward(x, weight, EPS, x, 0);

      assertThat(dy.toArray()).isEqualTo(dx.toArray());
      assertThat(x.toArray()).isEqualTo(y.toArray());
    }
  }

  @Test
  void leavesARowOfZerosAtZero() {
    try (Arena arena = Arena.ofConfined()) {
      Matrix x = Matrix.allocate(arena, 1, 20);
      Matrix weight = Matrix.allocate(arena, 1, 20);
      weight.fill(1.5f);
      Matrix y = Matrix.allocate(arena, 1, 20);

      float inverseRms = RmsNorm.forward(x, weight, EPS, y, 0);

      assertThat(inverseRms).isEqualTo((float) (1 / Math.sqrt(EPS)));
      assertThat(y.toArray()).containsOnly(0f);
    }
  }

  private static double[] reference(double[] x, double[] weight) {
    int size = weight.length;
    double[] y = new double[x.length];
    for (int from = 0; from < x.length; from += size) {
      double squares = 0;
      for (int i = 0; i < size; i++) {
        squares += x[from + i] * x[from + i];
      }
      for (int i = 0; i < size; i++) {
        y[from + i] = x[from + i] / Math.sqrt(squares / size + EPS) * weight[i];
      }
    }
    return y;
  }
}
