package dev.cram.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cram.tensor.Matrix;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The vector-Jacobian products of the parametrisations against finite differences. */
class ParametrisationTest {
  private static final int WIDTH = 7;

  @ParameterizedTest
  @CsvSource({"1", "3"})
  void directVectorsHandTheGradientOn(int vectors) {
    float[] start = new float[vectors * WIDTH];
    Random random = new Random(5);
    for (int i = 0; i < start.length; i++) {
      start[i] = (float) random.nextGaussian();
    }
    DirectVectors direct = new DirectVectors(start.clone());
    assertThat(vectors(direct, vectors)).isEqualTo(start);
    assertGradient(direct, vectors);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 4", "3, 4", "2, 9"})
  void lowDimensionalVectorsPassTheGradientBack(int vectors, int rank) {
    assertGradient(new LowDimensional(vectors, WIDTH, rank, new SplittableRandom(rank)), vectors);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 40"})
  void longVectorsPassTheGradientBack(int vectors, float scale) {
    assertGradient(new LongVectors(vectors, WIDTH, scale, new SplittableRandom(2)), vectors);
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "5"})
  void protoTokensPassTheGradientBack(int rows) {
    assertGradient(new ProtoTokens(rows, WIDTH, 0.5f, new SplittableRandom(2)), rows);
  }

  @Test
  void allRowsButTheFirstAreOneProtoToken() {
    ProtoTokens proto = new ProtoTokens(4, WIDTH, 0.5f, new SplittableRandom(2));
    float[] rows = vectors(proto, 4);
    assertThat(Arrays.copyOf(rows, 2 * WIDTH)).isEqualTo(proto.parameters());
    assertThat(Arrays.copyOfRange(rows, 2 * WIDTH, 3 * WIDTH))
        .isEqualTo(Arrays.copyOfRange(rows, WIDTH, 2 * WIDTH));
    assertThat(Arrays.copyOfRange(rows, 3 * WIDTH, 4 * WIDTH))
        .isEqualTo(Arrays.copyOfRange(rows, WIDTH, 2 * WIDTH));
  }

  @ParameterizedTest
  @CsvSource({"1, 4", "3, 2"})
  void lowDimensionalVectorsAreWTimesZPlusB(int vectors, int rank) {
    LowDimensional low = new LowDimensional(vectors, WIDTH, rank, new SplittableRandom(1));
    float[] p = low.parameters();
    float[] actual = vectors(low, vectors);
    for (int k = 0; k < vectors; k++) {
      for (int i = 0; i < WIDTH; i++) {
        double expected = p[vectors * rank + WIDTH * rank + i];
        for (int j = 0; j < rank; j++) {
          expected += (double) p[vectors * rank + i * rank + j] * p[k * rank + j];
        }
        assertThat((double) actual[k * WIDTH + i]).isCloseTo(expected, within(1e-6));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"2, 16", "1, 100"})
  void lowDimensionalStartsLikeALinearLayerOfPyTorch(int vectors, int rank) {
    float[] p = new LowDimensional(vectors, 50, rank, new SplittableRandom(1)).parameters();
    int z = vectors * rank;
    double bound = 1 / Math.sqrt(rank);
    double largest = 0;
    for (int i = 0; i < p.length; i++) {
      if (i < z) {
        assertThat(p[i]).isBetween(0f, 0.02f);
      } else {
        assertThat((double) p[i]).isBetween(-bound, bound);
        largest = Math.max(largest, Math.abs(p[i]));
      }
    }
    assertThat(largest).isGreaterThan(0.9 * bound);
  }

  /** The slope of {@code sum(dMem * vectors)}; linear in each parameter, so the step may be 1. */
  private static void assertGradient(Parametrisation parametrisation, int vectors) {
    Random random = new Random(9);
    float[] dVectors = new float[vectors * WIDTH];
    for (int i = 0; i < dVectors.length; i++) {
      dVectors[i] = (float) random.nextGaussian();
    }
    float[] parameters = parametrisation.parameters();
    float[] gradient = new float[parameters.length];
    Arrays.fill(gradient, 9f);
    try (Arena arena = Arena.ofConfined()) {
      parametrisation.backward(Matrix.of(arena, vectors, WIDTH, dVectors), gradient);
    }
    for (int i = 0; i < parameters.length; i++) {
      float kept = parameters[i];
      parameters[i] = kept + 1;
      double above = dot(dVectors, vectors(parametrisation, vectors));
      parameters[i] = kept - 1;
      double below = dot(dVectors, vectors(parametrisation, vectors));
      parameters[i] = kept;
      assertThat((double) gradient[i]).isCloseTo((above - below) / 2, within(1e-5));
    }
  }

  private static float[] vectors(Parametrisation parametrisation, int vectors) {
    try (Arena arena = Arena.ofConfined()) {
      Matrix mem = Matrix.allocate(arena, vectors, WIDTH);
      mem.fill(3f);
      parametrisation.vectors(mem);
      return mem.toArray();
    }
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
