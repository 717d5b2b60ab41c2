package dev.cram.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class MultiplierTest {
  @ParameterizedTest
  @CsvSource({
    "1, 64, 176, F32",
    "9, 33, 70, F32",
    "65, 128, 1000, F32",
    "1, 64, 176, BF16",
    "9, 33, 70, BF16",
    "65, 128, 1000, BF16",
  })
  void hasTheSameBitsForAnyNumberOfThreads(int rows, int inputs, int outputs, Precision precision) {
    float[][] expected = product(rows, inputs, outputs, precision, 1);
    for (int threads = 2; threads <= 3; threads++) {
      float[][] actual = product(rows, inputs, outputs, precision, threads);
      assertThat(actual[0]).as("forward, %d threads", threads).isEqualTo(expected[0]);
      assertThat(actual[1]).as("backward, %d threads", threads).isEqualTo(expected[1]);
    }
  }

  private static float[][] product(
      int rows, int inputs, int outputs, Precision precision, int threads) {
    Random random = new Random(3);
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(threads);
        Multiplier multiplier = new Multiplier(workers, rows)) {
      Matrix weight = TestMatrices.gaussian(arena, outputs, inputs, random);
      Matrix x = TestMatrices.gaussian(arena, rows, inputs, random);
      Matrix dy = TestMatrices.gaussian(arena, rows, outputs, random);
      Matrix y = Matrix.allocate(arena, rows, outputs);
      Matrix dx = Matrix.allocate(arena, rows, inputs);
      FrozenLinear linear = FrozenLinear.pack(arena, weight, null, precision, workers);
      linear.forward(multiplier, x, y, 0, rows);
      linear.backward(multiplier, dy, dx, 0, rows);
      return new float[][] {y.toArray(), dx.toArray()};
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void multipliesOnlyTheRowsItIsAskedFor(Precision precision) {
    Random random = new Random(4);
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(2);
        Multiplier multiplier = new Multiplier(workers, 10)) {
      Matrix weight = TestMatrices.gaussian(arena, 70, 33, random);
      Matrix x = TestMatrices.gaussian(arena, 10, 33, random);
      FrozenLinear linear = FrozenLinear.pack(arena, weight, null, precision, workers);
      Matrix whole = Matrix.allocate(arena, 10, 70);
      linear.forward(multiplier, x, whole, 0, 10);
      Matrix y = Matrix.allocate(arena, 12, 70);
      y.fill(7f);

      linear.forward(multiplier, x, 4, y, 1, 3);

      for (int row = 0; row < 12; row++) {
        for (int col = 0; col < 70; col++) {
          if (row >= 1 && row < 4) {
            assertThat(y.get(row, col))
                .isCloseTo(whole.get(row + 3, col), org.assertj.core.data.Offset.offset(1e-4f));
          } else {
            assertThat(y.get(row, col)).isEqualTo(7f);
          }
        }
      }
      linear.forward(multiplier, x, y, 5, 5);
      assertThat(y.get(5, 0)).as("no rows, no change").isEqualTo(7f);
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void oneMatrixServesProductsWithAndWithoutBias(Precision precision) {
    Random random = new Random(5);
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(1);
        Multiplier multiplier = new Multiplier(workers, 3)) {
      Matrix weight = TestMatrices.gaussian(arena, 20, 40, random);
      Matrix x = TestMatrices.gaussian(arena, 3, 20, random);
      Matrix bias = TestMatrices.gaussian(arena, 1, 40, random);
      PackedMatrix packed = PackedMatrix.of(arena, weight, precision, workers);
      Matrix plain = Matrix.allocate(arena, 3, 40);
      Matrix biased = Matrix.allocate(arena, 3, 40);

      multiplier.multiply(x, packed, bias, biased, 0, 3);
      multiplier.multiply(x, packed, null, plain, 0, 3);

      for (int row = 0; row < 3; row++) {
        for (int col = 0; col < 40; col++) {
          assertThat(biased.get(row, col) - plain.get(row, col))
              .isCloseTo(bias.get(0, col), org.assertj.core.data.Offset.offset(1e-5f));
        }
      }
    }
  }

  @Test
  void weightsThatAreBf16StayExactInF32WhateverTheRows() {
    int inputs = 704;
    int outputs = 256;
    Random random = new Random(7);
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(2);
        Multiplier multiplier = new Multiplier(workers, 64)) {
      Matrix weight = TestMatrices.gaussian(arena, outputs, inputs, random);
      for (int row = 0; row < outputs; row++) {
        for (int col = 0; col < inputs; col++) {
          weight.set(row, col, BFloat16.round(weight.get(row, col)));
        }
      }
      FrozenLinear linear = FrozenLinear.pack(arena, weight, null, Precision.F32, workers);
      Matrix x = TestMatrices.gaussian(arena, 64, inputs, random);
      Matrix y = Matrix.allocate(arena, 64, outputs);
      for (int rows : new int[] {1, 2, 5, 24, 47, 64}) {
        linear.forward(multiplier, x, y, 0, rows);
        for (int col = 0; col < outputs; col++) {
          double sum = 0;
          for (int i = 0; i < inputs; i++) {
            sum += (double) x.get(rows - 1, i) * weight.get(col, i);
          }
          assertThat((double) y.get(rows - 1, col))
              .isCloseTo(sum, org.assertj.core.data.Offset.offset(1e-3));
        }
      }
    }
  }

  @Test
  void widerInputsComeAfterNarrowOnes() {
    Random random = new Random(6);
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(2);
        Multiplier multiplier = new Multiplier(workers, 4)) {
      for (int inputs : new int[] {8, 300, 8}) {
        Matrix weight = TestMatrices.gaussian(arena, 5, inputs, random);
        Matrix x = TestMatrices.gaussian(arena, 4, inputs, random);
        Matrix y = Matrix.allocate(arena, 4, 5);
        FrozenLinear.pack(arena, weight, null, Precision.BF16, workers)
            .forward(multiplier, x, y, 0, 4);
        for (int row = 0; row < 4; row++) {
          for (int col = 0; col < 5; col++) {
            double sum = 0;
            for (int i = 0; i < inputs; i++) {
              sum += (double) BFloat16.round(x.get(row, i)) * BFloat16.round(weight.get(col, i));
            }
            assertThat((double) y.get(row, col))
                .isCloseTo(sum, org.assertj.core.data.Offset.offset(1e-4));
          }
        }
      }
    }
  }

  @Test
  void refusesRowsBeyondItsLimitOrBeyondAMatrix() {
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(1);
        Multiplier multiplier = new Multiplier(workers, 4)) {
      FrozenLinear linear =
          FrozenLinear.pack(arena, Matrix.allocate(arena, 6, 8), null, Precision.F32, workers);
      Matrix x = Matrix.allocate(arena, 5, 8);
      Matrix y = Matrix.allocate(arena, 5, 6);

      assertThatThrownBy(() -> linear.forward(multiplier, x, y, 0, 5))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("at most 4 rows");
      assertThatThrownBy(() -> linear.forward(multiplier, x, 3, y, 0, 3))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> linear.forward(multiplier, x, 0, y, 3, 3))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> linear.forward(multiplier, x, -1, y, 0, 2))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void refusesMatricesThatDoNotFit() {
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(1);
        Multiplier multiplier = new Multiplier(workers, 4)) {
      PackedMatrix packed =
          PackedMatrix.of(arena, Matrix.allocate(arena, 8, 6), Precision.F32, workers);
      Matrix x = Matrix.allocate(arena, 4, 8);
      Matrix y = Matrix.allocate(arena, 4, 6);
      Matrix bias = Matrix.allocate(arena, 1, 6);

      assertThatThrownBy(() -> multiplier.multiply(y, packed, bias, y, 0, 4))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> multiplier.multiply(x, packed, bias, x, 0, 4))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> multiplier.multiply(x, packed, x, y, 0, 4))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
