package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.TestMatrices;
import java.lang.foreign.Arena;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CrossEntropyTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 15, 50, 513, 4096})
  void agreesWithTheFormulaAndItsFiniteDifferences(int vocabularySize) {
    Random random = new Random(vocabularySize);
    int[] targets = {0, vocabularySize / 2, vocabularySize - 1};
    float weight = 0.37f;
    try (Arena arena = Arena.ofConfined()) {
      Matrix logits = TestMatrices.gaussian(arena, targets.length, vocabularySize, random);
      for (int row = 0; row < targets.length; row++) {
        for (int i = 0; i < vocabularySize; i++) {
          logits.set(row, i, 4 * logits.get(row, i));
        }
      }
      float[] sums = new float[targets.length];
      for (int row = 0; row < targets.length; row++) {
        int target = targets[row];
        double[] x = Numeric.doubles(logits.slice(row, row + 1));

        float rival = CrossEntropy.rival(logits, row, target);
        float loss = CrossEntropy.forward(logits, row, target, rival, sums, row);
        CrossEntropy.backward(logits, row, target, sums[row], weight);

        assertThat((double) loss).isCloseTo(reference(x, target), Offset.offset(1e-5));
        Numeric.assertGradient(
            Numeric.doubles(logits.slice(row, row + 1)),
            in -> weight * reference(in, target),
            x,
            150,
            2e-6);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 50, 513})
  void survivesHugeLogits(int vocabularySize) {
    float[] sums = new float[1];
    for (boolean targetWins : new boolean[] {true, false}) {
      int target = vocabularySize - 1;
      int winner = targetWins ? target : 0;
      try (Arena arena = Arena.ofConfined()) {
        Matrix logits = Matrix.allocate(arena, 1, vocabularySize);
        logits.fill(-1e4f);
        logits.set(0, winner, 1e4f);

        float rival = CrossEntropy.rival(logits, 0, target);
        float loss = CrossEntropy.forward(logits, 0, target, rival, sums, 0);
        CrossEntropy.backward(logits, 0, target, sums[0], 1f);

        assertThat(rival).isEqualTo(targetWins ? -1e4f : 1e4f);
        assertThat(loss).isEqualTo(targetWins ? 0f : 2e4f);
        for (int i = 0; i < vocabularySize; i++) {
          float expected = targetWins ? 0f : i == target ? -1f : i == winner ? 1f : 0f;
          assertThat(logits.get(0, i)).as("gradient to token %d", i).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void equalLogitsCostTheLogarithmOfTheVocabulary() {
    float[] sums = new float[1];
    for (float value : new float[] {0f, 1e4f, -1e4f}) {
      try (Arena arena = Arena.ofConfined()) {
        Matrix logits = Matrix.allocate(arena, 1, 1000);
        logits.fill(value);
        float loss = CrossEntropy.forward(logits, 0, 500, value, sums, 0);
        assertThat((double) loss).isCloseTo(Math.log(1000), Offset.offset(1e-5));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 15, 16, 17, 50, 513, 4096})
  void findsTheRivalAndItsFirstTokenWhereverItStands(int vocabularySize) {
    Random random = new Random(1);
    try (Arena arena = Arena.ofConfined()) {
      Matrix logits = TestMatrices.gaussian(arena, 2, vocabularySize, random);
      for (int winner : new int[] {0, 1, vocabularySize / 2, vocabularySize - 1}) {
        for (int second : new int[] {0, 1, vocabularySize - 2, vocabularySize - 1}) {
          if (winner == second) {
            continue;
          }
          float[] before = logits.toArray();
          float keptWinner = logits.get(1, winner);
          float keptSecond = logits.get(1, second);
          logits.set(1, winner, 20f);
          logits.set(1, second, 10f);

          assertThat(CrossEntropy.rival(logits, 1, winner)).isEqualTo(10f);
          assertThat(CrossEntropy.rival(logits, 1, second)).isEqualTo(20f);
          assertThat(CrossEntropy.rival(logits, 1, -1)).isEqualTo(20f);
          assertThat(CrossEntropy.find(logits, 1, 20f)).isEqualTo(winner);
          assertThat(CrossEntropy.find(logits, 1, 10f)).isEqualTo(second);
          assertThat(CrossEntropy.find(logits, 1, 30f)).isEqualTo(-1);

          logits.set(1, winner, keptWinner);
          logits.set(1, second, keptSecond);
          assertThat(logits.toArray()).isEqualTo(before);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 16, 50, 513})
  void breaksTiesInFavourOfTheFirstToken(int vocabularySize) {
    try (Arena arena = Arena.ofConfined()) {
      Matrix logits = Matrix.allocate(arena, 1, vocabularySize);
      logits.fill(-3f);
      assertThat(CrossEntropy.rival(logits, 0, 0)).isEqualTo(-3f);
      assertThat(CrossEntropy.find(logits, 0, -3f)).isZero();

      int last = vocabularySize - 1;
      logits.set(0, last, 5f);
      logits.set(0, last - 1, 5f);
      assertThat(CrossEntropy.rival(logits, 0, last)).isEqualTo(5f);
      assertThat(CrossEntropy.rival(logits, 0, last - 1)).isEqualTo(5f);
      assertThat(CrossEntropy.find(logits, 0, 5f)).isEqualTo(last - 1);
    }
  }

  @Test
  void aLoneTokenHasNoRival() {
    try (Arena arena = Arena.ofConfined()) {
      Matrix logits = Matrix.of(arena, 1, 1, 2f);
      assertThat(CrossEntropy.rival(logits, 0, 0)).isEqualTo(Float.NEGATIVE_INFINITY);
      assertThat(logits.get(0, 0)).isEqualTo(2f);
    }
  }

  private static double reference(double[] logits, int target) {
    double max = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (double logit : logits) {
      sum += Math.exp(logit - max);
    }
    return Math.log(sum) + max - logits[target];
  }
}
