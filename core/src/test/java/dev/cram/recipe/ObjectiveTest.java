package dev.cram.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ObjectiveTest {
  @Test
  void givenFirstIsTheMeanOverAllTokensButTheFirst() {
    assertThat(weights(Objective.GIVEN_FIRST, 5)).containsExactly(0f, .25f, .25f, .25f, .25f, 9f);
    assertThat(weights(Objective.GIVEN_FIRST, 2)).containsExactly(0f, 1f, 9f);
  }

  @Test
  void givenFirstOfOneTokenPredictsNothing() {
    assertThat(weights(Objective.GIVEN_FIRST, 1)).containsExactly(0f, 9f);
  }

  @Test
  void predictAllIsTheMeanOverAllTokens() {
    assertThat(weights(Objective.PREDICT_ALL, 4)).containsExactly(.25f, .25f, .25f, .25f, 9f);
    assertThat(weights(Objective.PREDICT_ALL, 1)).containsExactly(1f, 9f);
  }

  /** With one more element that must stay as it is. */
  private static float[] weights(Objective objective, int length) {
    float[] weights = new float[length + 1];
    Arrays.fill(weights, 9f);
    objective.weigh(length, weights);
    return weights;
  }
}
