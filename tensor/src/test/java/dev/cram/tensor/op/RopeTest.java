package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.TestMatrices;
import java.lang.foreign.Arena;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RopeTest {
  private static final double THETA = 10_000;

  @ParameterizedTest
  @CsvSource({
    "1, 2, 2, 0, 0",
    "3, 10, 10, 4, 1",
    "2, 64, 64, 0, 31",
    "4, 32, 8, 3, 17",
    "2, 96, 80, 5, 100",
  })
  void agreesWithTheFormulaAndItsFiniteDifferences(
      int heads, int headDim, int rotaryDim, int firstCol, int position) {
    Random random = new Random(headDim);
    int width = firstCol + heads * headDim + 3;
    try (Arena arena = Arena.ofConfined()) {
      Rope rope = new Rope(arena, Rope.inverseFrequencies(THETA, rotaryDim), position + 1);
      Matrix x = TestMatrices.gaussian(arena, 2, width, random);
      double[] original = Numeric.doubles(x.slice(1, 2));
      double[] untouched = Numeric.doubles(x.slice(0, 1));
      Matrix dy = TestMatrices.gaussian(arena, 1, width, random);
      double[] gradient = Numeric.doubles(dy);

      rope.forward(x, 1, firstCol, heads, headDim, position);
      rope.backward(dy, 0, firstCol, heads, headDim, position);

      // At position 100 an angle in float32 is off by up to 4e-6.
      Numeric.assertClose(
          Numeric.doubles(x.slice(1, 2)),
          reference(original, firstCol, heads, headDim, rotaryDim, position),
          1e-5);
      assertThat(Numeric.doubles(x.slice(0, 1))).isEqualTo(untouched);
      Numeric.assertGradient(
          Numeric.doubles(dy),
          in -> Numeric.dot(gradient, reference(in, firstCol, heads, headDim, rotaryDim, position)),
          original,
          300,
          1e-5);
    }
  }

  @Test
  void keepsTheNormAndIsUndoneByTheBackwardPass() {
    try (Arena arena = Arena.ofConfined()) {
      Rope rope = new Rope(arena, Rope.inverseFrequencies(500_000, 48), 5000);
      Matrix x = TestMatrices.gaussian(arena, 1, 3 * 48, new Random(4));
      for (int position : new int[] {0, 1, 77, 1023, 4999}) {
        double[] before = Numeric.doubles(x);

        rope.forward(x, 0, 0, 3, 48, position);
        double[] rotated = Numeric.doubles(x);
        rope.backward(x, 0, 0, 3, 48, position);

        assertThat(Numeric.dot(rotated, rotated))
            .isCloseTo(Numeric.dot(before, before), Percentage.withPercentage(1e-4));
        Numeric.assertClose(Numeric.doubles(x), before, 1e-6);
      }
    }
  }

  @Test
  void productsOfRotatedHeadsDependOnTheDistanceAlone() {
    try (Arena arena = Arena.ofConfined()) {
      int headDim = 40;
      Rope rope = new Rope(arena, Rope.inverseFrequencies(THETA, headDim), 200);
      Matrix x = TestMatrices.gaussian(arena, 2, headDim, new Random(5));
      double[] products = new double[3];
      int[] positions = {0, 50, 150};
      for (int i = 0; i < positions.length; i++) {
        Matrix rotated = Matrix.allocate(arena, 2, headDim);
        rotated.copyFrom(x);
        rope.forward(rotated, 0, 0, 1, headDim, positions[i]);
        rope.forward(rotated, 1, 0, 1, headDim, positions[i] + 9);
        products[i] =
            Numeric.dot(Numeric.doubles(rotated.slice(0, 1)), Numeric.doubles(rotated.slice(1, 2)));
      }

      assertThat(products[1]).isCloseTo(products[0], Offset.offset(1e-3));
      assertThat(products[2]).isCloseTo(products[0], Offset.offset(1e-3));
    }
  }

  /**
   * The expected tables are {@code ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")[0]} of transformers
   * 5.23.0 for a {@code LlamaConfig} with these rope_parameters and head_dim.
   */
  @Test
  void scalesFrequenciesAsLlama3Does() {
    double[] llama31 = {
      1,
      0.440366626,
      0.193922758,
      0.0853971019,
      0.0376060307,
      0.0165604409,
      0.00729266508,
      0.00321144611,
      0.000524846022,
      7.78465546e-05,
      3.42810235e-05,
      1.50962178e-05,
      6.64786967e-06,
      2.92749974e-06,
      1.28917316e-06,
      5.6770881e-07
    };
    double[] shortContext = {
      1,
      0.236687109,
      0.00372535503,
      0.000988211832,
      0.000312499993,
      9.88211832e-05,
      3.12500015e-05,
      9.88211832e-06
    };

    assertFrequencies(
        Rope.llama3Scaled(Rope.inverseFrequencies(500_000, 32), 8, 1, 4, 8192), llama31);
    assertFrequencies(
        Rope.llama3Scaled(Rope.inverseFrequencies(10_000, 16), 32, 1, 4, 64), shortContext);
  }

  private static void assertFrequencies(double[] actual, double[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i])
          .as("frequency %d", i)
          .isCloseTo(expected[i], Percentage.withPercentage(1e-4));
    }
  }

  private static double[] reference(
      double[] row, int firstCol, int heads, int headDim, int rotaryDim, int position) {
    double[] rotated = row.clone();
    int half = rotaryDim / 2;
    for (int head = 0; head < heads; head++) {
      for (int i = 0; i < half; i++) {
        double angle = position * Math.pow(THETA, -2.0 * i / rotaryDim);
        int first = firstCol + head * headDim + i;
        double a = row[first];
        double b = row[first + half];
        rotated[first] = a * Math.cos(angle) - b * Math.sin(angle);
        rotated[first + half] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
    return rotated;
  }
}
