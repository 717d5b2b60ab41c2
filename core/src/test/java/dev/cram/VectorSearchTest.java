package dev.cram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cram.lm.CausalLm;
import dev.cram.lm.GradientPass;
import dev.cram.recipe.DirectVectors;
import dev.cram.recipe.Objective;
import dev.cram.recipe.Optimiser;
import dev.cram.recipe.Parametrisation;
import dev.cram.recipe.Recipe;
import dev.cram.recipe.Schedule;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class VectorSearchTest {
  private static final Path CURVES =
      Path.of("src/test/resources/dev/cram/recipe_curves.safetensors");
  private static Workers workers;
  private static CausalLm lm;
  private static int[] ids;
  private static float[] start;

  @BeforeAll
  static void open() {
    workers = new Workers(2);
    Path directory = TestModels.directory("llama");
    lm = CausalLm.open(directory.toString(), Precision.F32, workers);
    Path expected = directory.resolve("expected.safetensors");
    ids = Arrays.stream(TestModels.numbers(expected, "ids")).mapToInt(x -> (int) x).toArray();
    double[] mem = TestModels.numbers(expected, "mem");
    start = new float[mem.length];
    for (int i = 0; i < mem.length; i++) {
      start[i] = (float) mem[i];
    }
  }

  @AfterAll
  static void close() {
    lm.close();
    workers.close();
  }

  @Test
  void thePaperFollowsTheCurveOfPyTorch() {
    List<CramStep> steps = new ArrayList<>();
    search(from(start, Recipe.PAPER, 30), Objective.GIVEN_FIRST, ids, 2, steps);

    double[] losses = TestModels.numbers(CURVES, "paper_loss");
    double[] accuracies = TestModels.numbers(CURVES, "paper_accuracy");
    assertThat(steps).hasSize(losses.length);
    for (int i = 0; i < losses.length; i++) {
      assertThat(steps.get(i).crossEntropy()).as("step %d", i).isCloseTo(losses[i], within(1e-3));
      assertThat(steps.get(i).accuracy()).as("step %d", i).isCloseTo(accuracies[i], within(1e-6));
    }
  }

  @Test
  void progressiveFollowsTheCurveAndTheGrowthOfPyTorch() {
    List<CramStep> steps = new ArrayList<>();
    search(from(start, Recipe.PROGRESSIVE, 400), Objective.PREDICT_ALL, ids, 2, steps);

    double[] losses = TestModels.numbers(CURVES, "progressive_loss");
    double[] lengths = TestModels.numbers(CURVES, "progressive_length");
    double[] rates = TestModels.numbers(CURVES, "progressive_rate");
    for (int i = 0; i < losses.length; i++) {
      assertThat(steps.get(i).activeTokens()).as("step %d", i).isEqualTo((int) lengths[i]);
      assertThat(steps.get(i).crossEntropy()).as("step %d", i).isCloseTo(losses[i], within(2e-2));
      assertThat(Recipe.PROGRESSIVE.schedule().learningRate(i, 400))
          .isCloseTo(rates[i], within(1e-7));
    }
  }

  @Test
  void progressiveGrowsByOneTokenAndOnlyWhenThePrefixIsExact() {
    List<CramStep> steps = new ArrayList<>();
    search(
        Recipe.PROGRESSIVE_LOWDIM.withMaxSteps(300),
        Objective.PREDICT_ALL,
        Arrays.copyOf(ids, 6),
        1,
        steps);

    assertThat(steps.getFirst().activeTokens()).isOne();
    assertThat(steps.getLast().activeTokens()).isGreaterThan(1);
    for (int i = 1; i < steps.size(); i++) {
      CramStep before = steps.get(i - 1);
      boolean exact = before.exactPrefix() == before.activeTokens();
      assertThat(steps.get(i).activeTokens())
          .isEqualTo(Math.min(6, before.activeTokens() + (exact ? 1 : 0)));
    }
  }

  @Test
  void stopsWhenTheTextIsExactWithItsMargins() {
    List<CramStep> steps = new ArrayList<>();
    int[] tokens = Arrays.copyOf(ids, 3);
    VectorSearch.Found found = search(Recipe.CRAM, Objective.PREDICT_ALL, tokens, 1, steps);

    assertThat(found.steps()).isEqualTo(steps.size()).isLessThan(Recipe.CRAM.maxSteps());
    assertThat(found.score().exactPrefix()).isEqualTo(3);
    assertThat(steps.subList(0, steps.size() - 1)).noneMatch(step -> step.minMargin() >= 0.1f);
    assertThat(margins(tokens, found.vectors())[0]).isPositive();
  }

  @Test
  void keepsTheBestVectorsOfAllSteps() {
    // A rate that overshoots, so that the last step is not the best one.
    Recipe wild =
        recipe(Recipe.PAPER.start(), Recipe.PAPER.optimiser(), Schedule.constant(0.5), 80, 80);
    List<CramStep> steps = new ArrayList<>();
    VectorSearch.Found found = search(wild, Objective.PREDICT_ALL, ids, 1, steps);

    int longest = steps.stream().mapToInt(CramStep::exactPrefix).max().orElseThrow();
    assertThat(found.score().exactPrefix()).isEqualTo(longest);
    float[] margins = margins(ids, found.vectors());
    int exact = 0;
    while (exact < ids.length && margins[exact] > 0) {
      exact++;
    }
    assertThat(exact).isEqualTo(longest);
    assertThat(Arrays.copyOf(margins, ids.length)).contains(found.score().minMargin());
  }

  @Test
  void goesOnWithLessOfATextThatIsNotHeld() {
    int[] tokens = moreThanAVectorHolds();
    List<CramStep> steps = new ArrayList<>();
    Recipe impatient =
        growing(Recipe.CRAM, Recipe.Growth.WHOLE_TEXT).withMaxSteps(40).withPatience(20);
    VectorSearch.Found found;
    try (VectorSearch search =
        new VectorSearch(
            lm, workers, impatient, Objective.PREDICT_ALL, Score.BY_SECURE_PREFIX, 0.1f)) {
      found = search.searchPrefix(tokens, 1, new SplittableRandom(1), steps::add);
    }

    assertThat(found.steps()).isEqualTo(steps.size());
    assertThat(found.held()).isBetween(1, 20);
    float[] margins = margins(Arrays.copyOf(tokens, found.held()), found.vectors());
    for (int i = 0; i < found.held(); i++) {
      assertThat(margins[i]).isPositive();
    }
    assertThat(steps.getFirst().activeTokens()).isEqualTo(40);
    for (int i = 1; i < steps.size(); i++) {
      assertThat(steps.get(i).step()).isEqualTo(i + 1).isLessThanOrEqualTo(steps.get(i).maxSteps());
      assertThat(steps.get(i).activeTokens()).isLessThanOrEqualTo(steps.get(i - 1).activeTokens());
    }
  }

  @Test
  void theDefaultTrainsOnLessOfATextOnceAllOfItIsStuck() {
    int[] tokens = moreThanAVectorHolds();
    List<CramStep> steps = new ArrayList<>();
    Recipe impatient = Recipe.CRAM.withMaxSteps(150).withPatience(20);
    VectorSearch.Found found = search(impatient, Objective.PREDICT_ALL, tokens, 1, 0, steps);

    int stuck = 0;
    while (steps.get(stuck).activeTokens() == 40) {
      stuck++;
    }
    int exact =
        steps.subList(0, stuck).stream().mapToInt(CramStep::exactPrefix).max().orElseThrow();
    assertThat(stuck).isGreaterThan(10);
    assertThat(steps.get(stuck).activeTokens()).isBetween(exact + 1, 39);
    int longest = steps.stream().mapToInt(CramStep::exactPrefix).max().orElseThrow();
    assertThat(longest).isGreaterThan(exact);
    assertThat(found.score().exactPrefix()).isEqualTo(longest);
  }

  @Test
  void theDefaultGivesUpAStartThatKnowsNextToNothingForAnotherOnce() {
    List<CramStep> steps = new ArrayList<>();
    List<Integer> startedAfter = new ArrayList<>();
    List<float[]> starts = new ArrayList<>();
    List<float[]> vectors = new ArrayList<>();
    Recipe.Start start =
        (count, width, std, random) -> {
          Parametrisation created = Recipe.CRAM.start().create(count, width, std, random);
          startedAfter.add(steps.size());
          starts.add(vectors(created, width));
          return created;
        };
    Recipe recipe = like(Recipe.CRAM, start, Recipe.CRAM.growth(), 100);
    try (VectorSearch search =
        new VectorSearch(
            lm, workers, recipe, Objective.PREDICT_ALL, Score.BY_SECURE_PREFIX, 0.1f)) {
      Consumer<CramStep> listener =
          step -> {
            steps.add(step);
            float[] copy = new float[lm.embeddingSize()];
            step.vectors().copyTo(copy);
            vectors.add(copy);
          };
      search.search(moreThanAVectorHolds(), 1, new SplittableRandom(1), listener);
      assertThat(startedAfter).containsExactly(0, 30);
      assertThat(vectors.get(30)).isEqualTo(starts.get(1)).isNotEqualTo(starts.get(0));
      assertThat(steps.subList(0, 30)).noneMatch(step -> step.accuracy() >= 0.2);
      assertThat(steps.size()).isLessThanOrEqualTo(100);

      startedAfter.clear();
      search.search(Arrays.copyOf(ids, 3), 1, new SplittableRandom(1), step -> {});
      assertThat(startedAfter).hasSize(1);

      // Two vectors are tried for 60 steps, which leaves too few for another start.
      startedAfter.clear();
      search.search(moreThanAVectorHolds(), 2, new SplittableRandom(1), step -> {});
      assertThat(startedAfter).hasSize(1);
    }
  }

  @Test
  void keepsMostOfATextRatherThanToTryOnWithLess() {
    int[] tokens = moreThanAVectorHolds();
    Recipe impatient = Recipe.CRAM.withMaxSteps(400).withPatience(20);
    List<CramStep> all = new ArrayList<>();
    List<CramStep> most = new ArrayList<>();
    VectorSearch.Found found;
    try (VectorSearch search =
        new VectorSearch(
            lm, workers, impatient, Objective.PREDICT_ALL, Score.BY_SECURE_PREFIX, 0.1f)) {
      search.search(tokens, 1, new SplittableRandom(1), all::add);
      found = search.searchPrefix(tokens, 1, new SplittableRandom(1), most::add);
    }

    assertThat(most.size()).isLessThanOrEqualTo(all.size());
    assertThat(found.steps()).isEqualTo(most.size());
    float[] margins = margins(Arrays.copyOf(tokens, found.held()), found.vectors());
    for (int i = 0; i < found.held(); i++) {
      assertThat(margins[i]).isGreaterThanOrEqualTo(0.1f);
    }
  }

  @Test
  void trainingAheadKeepsTheLongestPrefixThatWasExact() {
    int[] tokens = moreThanAVectorHolds();
    List<CramStep> steps = new ArrayList<>();
    Recipe ahead = Recipe.CRAM_PREFIX.withMaxSteps(150).withPatience(20);
    VectorSearch.Found found = search(ahead, Objective.PREDICT_ALL, tokens, 1, 0, steps);

    int longest = steps.stream().mapToInt(CramStep::exactPrefix).max().orElseThrow();
    assertThat(longest).isBetween(2, 39);
    assertThat(found.score().exactPrefix()).isEqualTo(longest);
    assertThat(found.steps()).isEqualTo(steps.size()).isLessThanOrEqualTo(150);
    float[] margins = margins(tokens, found.vectors());
    for (int i = 0; i < longest; i++) {
      assertThat(margins[i]).isPositive();
    }
  }

  @Test
  void whatIsTrainedOnStaysAheadOfWhatIsExact() {
    int[] tokens = moreThanAVectorHolds();
    List<CramStep> steps = new ArrayList<>();
    search(Recipe.CRAM_PREFIX.withMaxSteps(60), Objective.PREDICT_ALL, tokens, 1, steps);

    assertThat(steps.getFirst().activeTokens()).isBetween(2, 39);
    for (int i = 1; i < steps.size(); i++) {
      int exact = steps.get(i - 1).exactPrefix();
      assertThat(steps.get(i).activeTokens()).isGreaterThanOrEqualTo(Math.min(40, exact + 1));
    }
  }

  @Test
  void boostedTargetsThatAreGivenStayGiven() {
    List<CramStep> steps = new ArrayList<>();
    search(Recipe.CRAM.withMaxSteps(10), Objective.GIVEN_FIRST, new int[] {5, 400}, 1, steps);

    assertThat(steps).allSatisfy(step -> assertThat(step.exactPrefix()).isPositive());
  }

  @Test
  void losesPatienceWithoutABetterAccuracy() {
    // Nothing moves, so only the first step is an improvement.
    Recipe still =
        recipe(Recipe.PAPER.start(), n -> (p, g, rate) -> {}, Schedule.constant(0.1), 500, 7);
    List<CramStep> steps = new ArrayList<>();
    VectorSearch.Found found = search(still, Objective.PREDICT_ALL, ids, 1, steps);

    assertThat(found.steps()).isEqualTo(8);
    assertThat(steps).hasSize(8);
  }

  @Test
  void survivesALossThatIsNoNumber() {
    int[] calls = {0};
    Optimiser breaking =
        (parameters, gradient, rate) -> {
          if (++calls[0] == 3) {
            Arrays.fill(parameters, Float.NaN);
          }
        };
    Recipe recipe = recipe(Recipe.PAPER.start(), n -> breaking, Schedule.constant(0.1), 500, 500);
    List<CramStep> steps = new ArrayList<>();
    VectorSearch.Found found = search(recipe, Objective.PREDICT_ALL, ids, 1, steps);

    assertThat(steps).hasSize(3);
    assertThat(found.steps()).isEqualTo(4);
    for (float value : found.vectors()) {
      assertThat(value).isFinite();
    }
  }

  @Test
  void survivesAStartThatIsNoNumber() {
    float[] nan = new float[lm.embeddingSize()];
    Arrays.fill(nan, Float.NaN);
    VectorSearch.Found found =
        search(from(nan, Recipe.PAPER, 10), Objective.PREDICT_ALL, ids, 1, new ArrayList<>());

    assertThat(found.score()).isEqualTo(Score.NOTHING);
    assertThat(found.vectors()).containsOnly(0f);
  }

  private static float[] vectors(Parametrisation parametrisation, int width) {
    float[] vector = new float[width];
    try (Arena arena = Arena.ofConfined()) {
      Matrix mem = Matrix.allocate(arena, 1, width);
      parametrisation.vectors(mem);
      mem.copyTo(vector);
    }
    return vector;
  }

  private static VectorSearch.Found search(
      Recipe recipe, Objective objective, int[] tokens, int vectors, List<CramStep> steps) {
    return search(recipe, objective, tokens, vectors, 0.1f, steps);
  }

  private static VectorSearch.Found search(
      Recipe recipe,
      Objective objective,
      int[] tokens,
      int vectors,
      float marginGoal,
      List<CramStep> steps) {
    try (VectorSearch search =
        new VectorSearch(lm, workers, recipe, objective, Score.BY_SECURE_PREFIX, marginGoal)) {
      return search.search(tokens, vectors, new SplittableRandom(1), steps::add);
    }
  }

  private static int[] moreThanAVectorHolds() {
    int[] tokens = new int[40];
    Arrays.setAll(tokens, i -> (101 * i + 7) % 512);
    return tokens;
  }

  private static Recipe growing(Recipe recipe, Recipe.Growth growth) {
    return like(recipe, recipe.start(), growth, recipe.maxSteps());
  }

  private static Recipe from(float[] vectors, Recipe recipe, int maxSteps) {
    return like(
        recipe,
        (count, width, std, random) -> new DirectVectors(vectors.clone()),
        recipe.growth(),
        maxSteps);
  }

  private static Recipe like(
      Recipe recipe, Recipe.Start start, Recipe.Growth growth, int maxSteps) {
    return new Recipe(
        recipe.name(),
        start,
        recipe.optimiser(),
        recipe.schedule(),
        growth,
        recipe.reading(),
        recipe.boost(),
        recipe.leastMargin(),
        maxSteps,
        recipe.patience());
  }

  private static Recipe recipe(
      Recipe.Start start,
      IntFunction<Optimiser> optimiser,
      Schedule schedule,
      int maxSteps,
      int patience) {
    return new Recipe(
        "test",
        start,
        optimiser,
        schedule,
        Recipe.Growth.WHOLE_TEXT,
        Recipe.Reading.TOKEN_BY_TOKEN,
        0,
        0,
        maxSteps,
        patience);
  }

  private static float[] margins(int[] tokens, float[] vectors) {
    int count = vectors.length / lm.embeddingSize();
    try (Arena arena = Arena.ofConfined();
        GradientPass pass = new GradientPass(lm, count + tokens.length - 1, workers)) {
      float[] weights = new float[tokens.length];
      Objective.PREDICT_ALL.weigh(tokens.length, weights);
      pass.text(tokens, count);
      pass.run(Matrix.of(arena, count, lm.embeddingSize(), vectors), tokens.length, weights, null);
      return pass.margins();
    }
  }
}
