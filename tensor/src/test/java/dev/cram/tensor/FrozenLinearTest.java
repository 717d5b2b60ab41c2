package dev.cram.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FrozenLinearTest {
  @ParameterizedTest
  @CsvSource({
    "1, 64, 176, F32, false, 1", "7, 64, 512, F32, false, 2", "64, 576, 960, F32, false, 2",
    "1, 64, 176, F32, true, 1", "7, 64, 512, F32, true, 2", "64, 576, 960, F32, true, 2",
    "5, 33, 70, F32, false, 2", "5, 33, 70, F32, true, 2", "50, 33, 70, F32, true, 2",
    "1, 64, 176, BF16, false, 1", "7, 64, 512, BF16, false, 2", "64, 576, 960, BF16, false, 2",
    "5, 33, 70, BF16, false, 1", "50, 33, 70, BF16, false, 1",
  })
  void agreesWithThePlainSumInBothDirections(
      int rows, int inputs, int outputs, Precision precision, boolean bf16Weights, int threads) {
    Random random = new Random(1);
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(threads);
        Multiplier multiplier = new Multiplier(workers, rows)) {
      Matrix weight = TestMatrices.gaussian(arena, outputs, inputs, random);
      if (bf16Weights) {
        round(weight);
      }
      Matrix bias = TestMatrices.gaussian(arena, 1, outputs, random);
      Matrix x = TestMatrices.gaussian(arena, rows, inputs, random);
      Matrix dy = TestMatrices.gaussian(arena, rows, outputs, random);
      Matrix y = Matrix.allocate(arena, rows, outputs);
      Matrix dx = Matrix.allocate(arena, rows, inputs);
      FrozenLinear linear = FrozenLinear.pack(arena, weight, bias, precision, workers);

      linear.forward(multiplier, x, y, 0, rows);
      linear.backward(multiplier, dy, dx, 0, rows);

      for (int r = 0; r < rows; r++) {
        for (int o = 0; o < outputs; o++) {
          double sum = bias.get(0, o);
          for (int i = 0; i < inputs; i++) {
            sum += (double) value(x.get(r, i), precision) * value(weight.get(o, i), precision);
          }
          assertThat(y.get(r, o)).isCloseTo((float) sum, within(sum));
        }
        for (int i = 0; i < inputs; i++) {
          double sum = 0;
          for (int o = 0; o < outputs; o++) {
            sum += (double) value(dy.get(r, o), precision) * value(weight.get(o, i), precision);
          }
          assertThat(dx.get(r, i)).isCloseTo((float) sum, within(sum));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void aWeightStoredTheOtherWayRoundIsTheSameLayer(Precision precision) {
    Random random = new Random(2);
    int rows = 5;
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(2);
        Multiplier multiplier = new Multiplier(workers, rows)) {
      Matrix weight = TestMatrices.gaussian(arena, 70, 33, random);
      Matrix transposed = Matrix.allocate(arena, 33, 70);
      for (int o = 0; o < 70; o++) {
        for (int i = 0; i < 33; i++) {
          transposed.set(i, o, weight.get(o, i));
        }
      }
      Matrix bias = TestMatrices.gaussian(arena, 1, 70, random);
      Matrix x = TestMatrices.gaussian(arena, rows, 33, random);
      Matrix y = Matrix.allocate(arena, rows, 70);
      Matrix expectedY = Matrix.allocate(arena, rows, 70);
      Matrix dx = Matrix.allocate(arena, rows, 33);
      Matrix expectedDx = Matrix.allocate(arena, rows, 33);
      FrozenLinear linear =
          FrozenLinear.packTransposed(arena, transposed, bias, precision, workers);
      FrozenLinear expected = FrozenLinear.pack(arena, weight, bias, precision, workers);

      linear.forward(multiplier, x, y, 0, rows);
      expected.forward(multiplier, x, expectedY, 0, rows);
      linear.backward(multiplier, y, dx, 0, rows);
      expected.backward(multiplier, expectedY, expectedDx, 0, rows);

      assertThat(y.toArray()).isEqualTo(expectedY.toArray());
      assertThat(dx.toArray()).isEqualTo(expectedDx.toArray());
    }
  }

  private static void round(Matrix weight) {
    for (int row = 0; row < weight.rows(); row++) {
      for (int col = 0; col < weight.cols(); col++) {
        weight.set(row, col, BFloat16.round(weight.get(row, col)));
      }
    }
  }

  private static float value(float x, Precision precision) {
    return precision == Precision.BF16 ? BFloat16.round(x) : x;
  }

  private static Offset<Float> within(double sum) {
    return Offset.offset((float) (1e-4 + 1e-5 * Math.abs(sum)));
  }
}
