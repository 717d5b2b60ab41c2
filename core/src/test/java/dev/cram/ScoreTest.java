package dev.cram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScoreTest {
  private static final float GOAL = 0.1f;

  @Test
  void countsThePrefixesUpToTheFirstMiss() {
    boolean[] correct = new boolean[5];
    Score score = score(correct, 0f, 1f, 0.05f, 2f, -0.5f);

    assertThat(score.securePrefix()).isZero();
    assertThat(score.exactPrefix()).isZero();
    assertThat(correct).containsExactly(false, true, true, true, false);
    assertThat(score.accuracy()).isEqualTo(0.6);
    assertThat(score.minMargin()).isEqualTo(-0.5f);

    assertThat(score(0.3f, 0.1f, 0.05f, 2f, -1f))
        .returns(2, Score::securePrefix)
        .returns(4, Score::exactPrefix);
    assertThat(score(0.3f, 0.2f)).returns(2, Score::securePrefix).returns(2, Score::exactPrefix);
  }

  @Test
  void looksAtTheLengthOnly() {
    float[] margins = {1f, 1f, -1f};
    Score score = Score.of(margins, new float[] {1f, 3f, 9f}, ones(3), 2, GOAL, new boolean[3]);
    assertThat(score.exactPrefix()).isEqualTo(2);
    assertThat(score.crossEntropy()).isCloseTo(2, within(1e-6));
    assertThat(score.accuracy()).isEqualTo(1);
  }

  @Test
  void givenTargetsAreRightAndCountForNothingElse() {
    boolean[] correct = new boolean[3];
    Score score =
        Score.of(
            new float[] {-5f, 1f, -1f},
            new float[] {8f, 1f, 2f},
            new float[] {0f, .5f, .5f},
            3,
            GOAL,
            correct);
    assertThat(correct).containsExactly(true, true, false);
    assertThat(score)
        .returns(2, Score::securePrefix)
        .returns(2, Score::exactPrefix)
        .returns(0.5, Score::accuracy)
        .returns(1.5, Score::crossEntropy)
        .returns(-1f, Score::minMargin);
  }

  @Test
  void securePrefixGoesBeforeExactPrefixBeforeAccuracyBeforeMargin() {
    List<Score> ascending =
        List.of(
            Score.NOTHING,
            score(-2f, -1f, -1f),
            score(-1f, -1f, -1f),
            score(-1f, -1f, 5f),
            score(-1f, 5f, 5f),
            score(0.05f, -9f, -9f),
            score(0.05f, 0.05f, -9f),
            score(0.2f, -9f, -9f),
            score(0.2f, 0.05f, -9f),
            score(0.2f, 0.2f, 0.05f),
            score(0.2f, 0.2f, 0.2f),
            score(0.3f, 0.3f, 0.3f));
    for (int i = 0; i < ascending.size(); i++) {
      for (int j = 0; j < ascending.size(); j++) {
        assertThat(
                Integer.signum(Score.BY_SECURE_PREFIX.compare(ascending.get(i), ascending.get(j))))
            .as("%d and %d", i, j)
            .isEqualTo(Integer.compare(i, j));
      }
    }
  }

  private static Score score(float... margins) {
    return score(new boolean[margins.length], margins);
  }

  private static Score score(boolean[] correct, float... margins) {
    return Score.of(
        margins, new float[margins.length], ones(margins.length), margins.length, GOAL, correct);
  }

  private static float[] ones(int length) {
    float[] weights = new float[length];
    Arrays.fill(weights, 1f);
    return weights;
  }
}
