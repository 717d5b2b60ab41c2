package dev.cram.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cram.CompressOptions;
import dev.cram.lm.InputException;
import dev.cram.tensor.Matrix;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RecipeTest {
  @ParameterizedTest
  @MethodSource("dev.cram.recipe.Recipe#names")
  void aRecipeIsFoundByItsName(String name) {
    assertThat(Recipe.named(name).name()).isEqualTo(name);
  }

  @Test
  void anUnknownNameIsRejectedWithThoseThatAreKnown() {
    assertThatThrownBy(() -> Recipe.named("Paper"))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "unknown recipe \"Paper\"; there are: cram, cram-prefix, cram-steep, paper, progressive, progressive-lowdim, one-step");
  }

  @Test
  void anotherStepBudgetChangesNothingElse() {
    Recipe shorter = Recipe.PAPER.withMaxSteps(30);
    assertThat(shorter.maxSteps()).isEqualTo(30);
    assertThat(shorter.patience()).isEqualTo(30);
    assertThat(shorter.schedule()).isSameAs(Recipe.PAPER.schedule());
    assertThat(Recipe.PAPER.withMaxSteps(4_000).patience()).isEqualTo(2_000);
  }

  @Test
  void theDefaultGoesOnAsForSteepModelsWhereTheFirstStepShowsOne() {
    assertThat(Recipe.CRAM.after(99)).isSameAs(Recipe.CRAM);
    assertThat(Recipe.PAPER.after(1e6)).isSameAs(Recipe.PAPER);

    Recipe shorter = Recipe.CRAM.withMaxSteps(50);
    Recipe steep = shorter.after(1e6);
    assertThat(steep.name()).isEqualTo("cram");
    assertThat(steep.optimiser()).isSameAs(Recipe.CRAM_STEEP.optimiser());
    assertThat(steep.start()).isSameAs(shorter.start());
    assertThat(steep.leastMargin()).isEqualTo(Recipe.CRAM_STEEP.leastMargin()).isPositive();
    assertThat(steep.growth()).isEqualTo(Recipe.Growth.WHOLE_TEXT);
    assertThat(steep.maxSteps()).isEqualTo(50);
    assertThat(steep.patience()).isEqualTo(Recipe.CRAM_STEEP.patience());
  }

  @Test
  void thePaperStartsAtTheScaleOfTheTokenEmbeddings() {
    float[] start = start(Recipe.PAPER, 10_000, 0.5f);
    double squares = 0;
    for (float value : start) {
      squares += (double) value * value;
    }
    assertThat(Math.sqrt(squares / start.length)).isCloseTo(0.5, within(0.02));
  }

  @Test
  void progressiveStartsUniformlyBetweenZeroAndTwoHundredths() {
    float[] start = start(Recipe.PROGRESSIVE, 10_000, 0.5f);
    double sum = 0;
    for (float value : start) {
      assertThat(value).isBetween(0f, 0.02f);
      sum += value;
    }
    assertThat(sum / start.length).isCloseTo(0.01, within(0.0005));
  }

  @Test
  void cramStartsFarLongerThanATokenEmbedding() {
    Parametrisation start = Recipe.CRAM.start().create(1, 10_000, 0.5f, new SplittableRandom(4));
    try (Arena arena = Arena.ofConfined()) {
      Matrix mem = Matrix.allocate(arena, 1, 10_000);
      start.vectors(mem);
      double squares = 0;
      for (int i = 0; i < 10_000; i++) {
        squares += (double) mem.get(0, i) * mem.get(0, i);
      }
      assertThat(Math.sqrt(squares / 10_000)).isCloseTo(150 * 0.5, within(2.0));
    }
  }

  @Test
  void vectorsOfOneStepAreNotForFiles() {
    assertThat(Recipe.names()).contains("one-step");
    assertThat(Recipe.namesForFiles()).startsWith("cram").doesNotContain("one-step");
    assertThatThrownBy(() -> new CompressOptions(1, Recipe.ONE_STEP, 1, 0f))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("one-step")
        .hasMessageContaining("cram measure");
  }

  @Test
  void aStartDependsOnTheSeedAlone() {
    for (String name : Recipe.names()) {
      Recipe recipe = Recipe.named(name);
      assertThat(start(recipe, 64, 1f)).isEqualTo(start(recipe, 64, 1f));
    }
  }

  private static float[] start(Recipe recipe, int width, float embeddingStd) {
    return recipe.start().create(1, width, embeddingStd, new SplittableRandom(4)).parameters();
  }
}
