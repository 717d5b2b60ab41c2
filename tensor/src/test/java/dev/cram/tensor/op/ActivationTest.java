package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.TestMatrices;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ActivationTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 5, 16, 47, 64, 171})
  void agreesWithTheFormulaAndItsFiniteDifferences(int size) {
    Random random = new Random(size);
    for (Activation activation : Activation.values()) {
      try (Arena arena = Arena.ofConfined()) {
        int rows = 3;
        Matrix x = TestMatrices.gaussian(arena, rows, size, random);
        Matrix dy = TestMatrices.gaussian(arena, rows, size, random);
        Matrix y = Matrix.allocate(arena, rows, size);
        Matrix dx = Matrix.allocate(arena, rows, size);
        for (int row = 0; row < rows; row++) {
          activation.forward(x, y, row);
          activation.backward(x, dy, dx, row);
        }

        double[] gradient = Numeric.doubles(dy);
        Numeric.assertClose(Numeric.doubles(y), reference(activation, Numeric.doubles(x)), 5e-7);
        Numeric.assertGradient(
            Numeric.doubles(dx),
            in -> Numeric.dot(gradient, reference(activation, in)),
            Numeric.doubles(x),
            200,
            2e-6);
      }
    }
  }

  /** Phi from mpmath 1.3. */
  @Test
  void geluHasTheNormalDistributionToFloatPrecision() {
    double[][] distribution = {
      {-9, 1.1285884059538406e-19},
      {-5, 2.8665157187919391e-7},
      {-3.5, 0.00023262907903552504},
      {-2.25, 0.012224472655044703},
      {-1.5, 0.066807201268858066},
      {-1, 0.15865525393145705},
      {-0.5, 0.3085375387259869},
      {-0.125, 0.45026177516988711},
      {0, 0.5},
      {0.03125, 0.51246491743437713},
      {0.25, 0.59870632568292372},
      {0.75, 0.7733726476231318},
      {1.25, 0.89435022633314474},
      {2, 0.97724986805182079},
      {3, 0.99865010196836991},
      {4.5, 0.99999660232687527}
    };
    try (Arena arena = Arena.ofConfined()) {
      int size = distribution.length;
      Matrix x = Matrix.allocate(arena, 1, size);
      Matrix y = Matrix.allocate(arena, 1, size);
      for (int i = 0; i < size; i++) {
        x.set(0, i, (float) distribution[i][0]);
      }

      Activation.GELU.forward(x, y, 0);

      for (int i = 0; i < size; i++) {
        double expected = distribution[i][0] * distribution[i][1];
        // Relative to the value itself, far into the left tail too.
        assertThat((double) y.get(0, i)).isCloseTo(expected, within(1e-6 * Math.abs(expected)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void overwritesItsInputWithTheResultOrTheGradient(Activation activation) {
    Random random = new Random(1);
    try (Arena arena = Arena.ofConfined()) {
      Matrix x = TestMatrices.gaussian(arena, 1, 23, random);
      Matrix dy = TestMatrices.gaussian(arena, 1, 23, random);
      Matrix y = Matrix.allocate(arena, 1, 23);
      Matrix dx = Matrix.allocate(arena, 1, 23);
      activation.forward(x, y, 0);
      activation.backward(x, dy, dx, 0);
      Matrix copy = Matrix.allocate(arena, 1, 23);
      copy.copyFrom(x);

      activation.backward(x, dy, x, 0);
      activation.forward(copy, copy, 0);

      assertThat(x.toArray()).isEqualTo(dx.toArray());
      assertThat(copy.toArray()).isEqualTo(y.toArray());
    }
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void saturatesWithoutOverflow(Activation activation) {
    float[] inputs = {-1e6f, -1000, -200, -100, -50, 0, 50, 100, 200, 1000, 1e6f};
    try (Arena arena = Arena.ofConfined()) {
      int size = inputs.length;
      Matrix x = Matrix.of(arena, 1, size, inputs);
      Matrix dy = Matrix.allocate(arena, 1, size);
      dy.fill(1f);
      Matrix y = Matrix.allocate(arena, 1, size);
      Matrix dx = Matrix.allocate(arena, 1, size);

      activation.forward(x, y, 0);
      activation.backward(x, dy, dx, 0);

      for (int i = 0; i < size; i++) {
        assertThat(y.get(0, i)).isCloseTo(Math.max(inputs[i], 0), within(1e-15f));
        if (inputs[i] != 0) {
          assertThat(dx.get(0, i)).isCloseTo(inputs[i] > 0 ? 1f : 0f, within(1e-15f));
        }
      }
    }
  }

  private static double[] reference(Activation activation, double[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] =
          switch (activation) {
            case SILU -> x[i] / (1 + Math.exp(-x[i]));
            case GELU -> x[i] * distribution(x[i]);
            case GELU_TANH ->
                0.5
                    * x[i]
                    * (1
                        + Math.tanh(
                            Math.sqrt(2 / Math.PI) * (x[i] + 0.044715 * x[i] * x[i] * x[i])));
            case RELU -> Math.max(x[i], 0);
          };
    }
    return y;
  }

  /** Phi by the series {@code 1/2 + phi(x) * (x + x^3/3 + x^5/(3*5) + ...)} (Marsaglia 2004). */
  private static double distribution(double x) {
    double sum = 0;
    double term = x;
    for (int i = 3; sum + term != sum; i += 2) {
      sum += term;
      term *= x * x / i;
    }
    return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }
}
