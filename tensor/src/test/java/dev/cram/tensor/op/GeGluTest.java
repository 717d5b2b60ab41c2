package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.TestMatrices;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GeGluTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 5, 16, 47, 64, 171})
  void agreesWithTheFormulaAndItsFiniteDifferences(int size) {
    Random random = new Random(size);
    try (Arena arena = Arena.ofConfined()) {
      int rows = 3;
      Matrix gateUp = TestMatrices.gaussian(arena, rows, 2 * size, random);
      Matrix dy = TestMatrices.gaussian(arena, rows, size, random);
      Matrix y = Matrix.allocate(arena, rows, size);
      Matrix dGateUp = Matrix.allocate(arena, rows, 2 * size);
      for (int row = 0; row < rows; row++) {
        GeGlu.forward(gateUp, y, row);
        GeGlu.backward(gateUp, dy, dGateUp, row);
      }

      double[] gradient = Numeric.doubles(dy);
      double[] x = Numeric.doubles(gateUp);
      Numeric.assertClose(Numeric.doubles(y), reference(x, size), 1e-6);
      Numeric.assertGradient(
          Numeric.doubles(dGateUp), in -> Numeric.dot(gradient, reference(in, size)), x, 200, 2e-6);
    }
  }

  @Test
  void overwritesItsInputWithTheGradient() {
    Random random = new Random(1);
    try (Arena arena = Arena.ofConfined()) {
      Matrix gateUp = TestMatrices.gaussian(arena, 1, 46, random);
      Matrix dy = TestMatrices.gaussian(arena, 1, 23, random);
      Matrix dGateUp = Matrix.allocate(arena, 1, 46);
      GeGlu.backward(gateUp, dy, dGateUp, 0);

      GeGlu.backward(gateUp, dy, gateUp, 0);

      assertThat(gateUp.toArray()).isEqualTo(dGateUp.toArray());
    }
  }

  @Test
  void saturatesWithoutOverflow() {
    float[] gates = {-1e6f, -1000, -200, -100, -50, 0, 50, 100, 200, 1000, 1e6f};
    // Repeated, so that the same gates go through the vector loop and through the tail.
    int copies = 3;
    int size = copies * gates.length;
    try (Arena arena = Arena.ofConfined()) {
      Matrix gateUp = Matrix.allocate(arena, 1, 2 * size);
      Matrix dy = Matrix.allocate(arena, 1, size);
      for (int i = 0; i < size; i++) {
        gateUp.set(0, i, gates[i % gates.length]);
        gateUp.set(0, size + i, 1f);
        dy.set(0, i, 1f);
      }
      Matrix y = Matrix.allocate(arena, 1, size);
      Matrix dGateUp = Matrix.allocate(arena, 1, 2 * size);

      GeGlu.forward(gateUp, y, 0);
      GeGlu.backward(gateUp, dy, dGateUp, 0);

      for (int i = 0; i < size; i++) {
        float gate = gates[i % gates.length];
        assertThat(y.get(0, i)).isCloseTo(Math.max(gate, 0), offset());
        assertThat(dGateUp.get(0, i)).isCloseTo(gate > 0 ? 1f : gate < 0 ? 0f : 0.5f, offset());
        assertThat(dGateUp.get(0, size + i)).isCloseTo(Math.max(gate, 0), offset());
      }
    }
  }

  private static org.assertj.core.data.Offset<Float> offset() {
    return org.assertj.core.data.Offset.offset(1e-15f);
  }

  private static double[] reference(double[] gateUp, int size) {
    int rows = gateUp.length / (2 * size);
    double[] y = new double[rows * size];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < size; i++) {
        double gate = gateUp[row * 2 * size + i];
        double up = gateUp[row * 2 * size + size + i];
        double cubic = Math.sqrt(2 / Math.PI) * (gate + 0.044715 * Math.pow(gate, 3));
        y[row * size + i] = gate * (1 + Math.tanh(cubic)) / 2 * up;
      }
    }
    return y;
  }
}
