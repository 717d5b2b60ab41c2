package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.TestMatrices;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClipTest {
  private static final float LIMIT = 0.75f;

  @ParameterizedTest
  @ValueSource(ints = {1, 16, 47, 100})
  void agreesWithTheFormulaAndItsFiniteDifferences(int size) {
    Random random = new Random(size);
    try (Arena arena = Arena.ofConfined()) {
      int rows = 3;
      Matrix x = TestMatrices.gaussian(arena, rows, size, random);
      Matrix dy = TestMatrices.gaussian(arena, rows, size, random);
      Matrix y = Matrix.allocate(arena, rows, size);
      Matrix dx = Matrix.allocate(arena, rows, size);
      for (int row = 0; row < rows; row++) {
        Clip.forward(x, LIMIT, y, row);
        Clip.backward(x, LIMIT, dy, dx, row);
      }

      double[] gradient = Numeric.doubles(dy);
      assertThat(Numeric.doubles(y)).isEqualTo(reference(Numeric.doubles(x)));
      Numeric.assertGradient(
          Numeric.doubles(dx),
          in -> Numeric.dot(gradient, reference(in)),
          Numeric.doubles(x),
          300,
          1e-6);
    }
  }

  @Test
  void worksInPlaceInBothDirections() {
    Random random = new Random(3);
    try (Arena arena = Arena.ofConfined()) {
      Matrix x = TestMatrices.gaussian(arena, 1, 45, random);
      Matrix dy = TestMatrices.gaussian(arena, 1, 45, random);
      Matrix y = Matrix.allocate(arena, 1, 45);
      Matrix dx = Matrix.allocate(arena, 1, 45);
      Clip.forward(x, LIMIT, y, 0);
      Clip.backward(x, LIMIT, dy, dx, 0);

      Clip.backward(x, LIMIT, dy, dy, 0);
      Clip.forward(x, LIMIT, x, 0);

      assertThat(dy.toArray()).isEqualTo(dx.toArray());
      assertThat(x.toArray()).isEqualTo(y.toArray());
    }
  }

  private static double[] reference(double[] x) {
    return Arrays.stream(x).map(v -> Math.clamp(v, -LIMIT, LIMIT)).toArray();
  }
}
