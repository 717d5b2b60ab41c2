package dev.cram.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.Precision;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The gradient against finite differences, and passes against each other. */
class GradientPassTest {
  /**
   * Step of the differences, in standard deviations of a token embedding. Richardson's
   * extrapolation removes their third-order error, so that it can be large beside the rounding of a
   * float32 forward pass, which is about 1e-6 of the objective.
   */
  private static final double STEP = 0.3;

  /** Of the gradient's length. */
  private static final double TOLERANCE = 2e-3;

  /** The same where the objective has kinks, which must not lie between the points compared. */
  private static final double STEP_BETWEEN_KINKS = 0.01;

  private static final double TOLERANCE_BETWEEN_KINKS = 1e-2;

  @ParameterizedTest
  @CsvSource({
    "gpt2, 2, 24",
    "gpt2, 1, 1",
    "gpt2, 1, 2",
    "gpt_neox, 2, 24",
    "gpt_neox, 1, 1",
    "gpt_neox, 1, 2",
    "gpt_neox_sequential, 2, 24",
    "gpt_neox_sequential, 1, 1",
    "gpt_neox_sequential, 1, 2",
    "gpt2_scaled, 2, 24",
    "olmo_hub, 2, 24",
    "opt_galactica_style, 2, 24",
    "llama, 1, 24",
    "llama, 2, 24",
    "llama, 5, 24",
    "llama, 3, 120",
    "llama_bias, 2, 24",
    "llama_tied_mha, 1, 1",
    "llama3_rope, 5, 70",
    "mamba, 2, 24",
    "mamba, 1, 1",
    "mamba, 1, 2",
    "mamba, 1, 3",
    "mamba, 1, 4",
    "mamba, 1, 5",
    "mamba, 3, 70",
    "mamba_untied, 2, 24",
    "mistral, 2, 24",
    "qwen2, 2, 24",
    "qwen3, 2, 24",
    "gemma3, 2, 24",
    "gemma3_images_bf16, 1, 24",
    "mistral_window, 1, 1",
    "mistral_window, 1, 2",
    "mistral_window, 1, 7",
    "mistral_window, 1, 8",
    "mistral_window, 1, 9",
    "mistral_window, 3, 40",
    "qwen2_window, 1, 1",
    "qwen2_window, 1, 2",
    "qwen2_window, 1, 6",
    "qwen2_window, 1, 7",
    "qwen2_window, 1, 8",
    "qwen2_window, 3, 40",
    "qwen3_window, 1, 1",
    "qwen3_window, 1, 2",
    "qwen3_window, 1, 5",
    "qwen3_window, 1, 6",
    "qwen3_window, 1, 7",
    "qwen3_window, 3, 40",
    "gemma3_linear, 1, 1",
    "gemma3_linear, 1, 2",
    "gemma3_linear, 1, 4",
    "gemma3_linear, 1, 5",
    "gemma3_linear, 1, 6",
    "gemma3_linear, 3, 40",
  })
  void theGradientIsTheSlopeOfTheObjective(String name, int vectors, int n) {
    assertSlopes(name, vectors, n, STEP, TOLERANCE);
  }

  /** ReLU and clipping. */
  @ParameterizedTest
  @CsvSource({
    "olmo, 2, 1",
    "olmo, 1, 2",
    "olmo, 2, 24",
    "opt, 1, 1",
    "opt, 1, 2",
    "opt, 2, 24",
    "opt_350m_style, 1, 1",
    "opt_350m_style, 1, 2",
    "opt_350m_style, 2, 24",
  })
  void theGradientIsTheSlopeOfAnObjectiveWithKinks(String name, int vectors, int n) {
    assertSlopes(name, vectors, n, STEP_BETWEEN_KINKS, TOLERANCE_BETWEEN_KINKS);
  }

  private static void assertSlopes(String name, int vectors, int n, double step, double tolerance) {
    try (FixtureModel model = new FixtureModel(name, Precision.F32, 2);
        GradientPass pass = new GradientPass(model.lm, vectors + n - 1, model.workers)) {
      Random random = new Random(vectors * 100L + n);
      int[] tokens = random.ints(n, 0, model.lm.vocabularySize()).toArray();
      float[] weights = new float[n];
      for (int i = 0; i < n; i++) {
        weights[i] = random.nextFloat() / n;
      }
      Matrix mem = model.randomMem(vectors, random);
      Matrix gradient = Matrix.allocate(model.arena, vectors, mem.cols());
      pass.text(tokens, vectors);
      pass.run(mem, n, weights, gradient);

      double[] g = doubles(gradient);
      double length = length(g);
      assertSlope(model, pass, mem, weights, scaled(g, 1 / length), g, step, tolerance);
      for (int i = 0; i < 5; i++) {
        double[] direction = random.doubles(g.length, -1, 1).toArray();
        assertSlope(
            model,
            pass,
            mem,
            weights,
            scaled(direction, 1 / length(direction)),
            g,
            step,
            tolerance);
      }
    }
  }

  private static void assertSlope(
      FixtureModel model,
      GradientPass pass,
      Matrix mem,
      float[] weights,
      double[] direction,
      double[] gradient,
      double stepInStds,
      double tolerance) {
    double step = stepInStds * model.lm.embeddingStd();
    double slope =
        (4 * difference(model, pass, mem, weights, direction, step / 2)
                - difference(model, pass, mem, weights, direction, step))
            / 3;
    double expected = 0;
    for (int i = 0; i < direction.length; i++) {
      expected += direction[i] * gradient[i];
    }
    assertThat(slope).isCloseTo(expected, within(tolerance * length(gradient)));
  }

  private static double difference(
      FixtureModel model,
      GradientPass pass,
      Matrix mem,
      float[] weights,
      double[] direction,
      double step) {
    double above = objective(model, pass, mem, weights, direction, step);
    double below = objective(model, pass, mem, weights, direction, -step);
    return (above - below) / (2 * step);
  }

  private static double objective(
      FixtureModel model,
      GradientPass pass,
      Matrix mem,
      float[] weights,
      double[] direction,
      double step) {
    float[] moved = mem.toArray();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += (float) (step * direction[i]);
    }
    Matrix at = Matrix.of(model.arena, mem.rows(), mem.cols(), moved);
    return pass.run(at, weights.length, weights, null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "mamba", "gpt2"})
  void inOneStepEachRowPredictsItsTokenFromTheVectorsUpToIt(String name) {
    int n = 9;
    try (FixtureModel model = new FixtureModel(name, Precision.F32, 2);
        GradientPass oneStep = new GradientPass(model.lm, n, model.workers);
        GradientPass single = new GradientPass(model.lm, n, model.workers)) {
      int[] tokens = Arrays.copyOf(model.ids, n);
      Matrix mem = model.randomMem(n, new Random(3));
      float[] weights = new float[n];
      Arrays.fill(weights, 1f / n);
      Matrix gradient = Matrix.allocate(model.arena, n, mem.cols());

      oneStep.oneStep(tokens);
      oneStep.run(mem, n, weights, gradient);

      float[] sum = new float[n * mem.cols()];
      for (int i = 0; i < n; i++) {
        Matrix upTo = Matrix.of(model.arena, i + 1, mem.cols(), prefix(mem, i + 1));
        Matrix part = Matrix.allocate(model.arena, i + 1, mem.cols());
        single.text(new int[] {tokens[i]}, i + 1);
        single.run(upTo, 1, new float[] {1f / n}, part);
        assertThat(oneStep.crossEntropies()[i])
            .isCloseTo(single.crossEntropies()[0], within(1e-4f));
        float[] values = part.toArray();
        for (int j = 0; j < values.length; j++) {
          sum[j] += values[j];
        }
      }
      double length = length(doubles(gradient));
      float[] actual = gradient.toArray();
      for (int j = 0; j < sum.length; j++) {
        assertThat((double) actual[j]).isCloseTo(sum[j], within(1e-3 * length));
      }
    }
  }

  private static float[] prefix(Matrix mem, int rows) {
    return Arrays.copyOf(mem.toArray(), rows * mem.cols());
  }

  /**
   * What belongs to the tokens' rows alone is computed once, so later runs could read it wrongly.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt2",
        "gpt_neox",
        "gpt_neox_sequential",
        "opt",
        "opt_350m_style",
        "olmo",
        "llama",
        "llama3_rope",
        "mistral_window",
        "qwen2",
        "qwen3",
        "gemma3",
        "mamba"
      })
  void aRunDependsOnItsVectorsAndNotOnTheRunsBefore(String name) {
    int n = 20;
    int vectors = 2;
    try (FixtureModel model = new FixtureModel(name, Precision.F32, 2);
        GradientPass used = new GradientPass(model.lm, vectors + n - 1, model.workers);
        GradientPass fresh = new GradientPass(model.lm, vectors + n - 1, model.workers)) {
      Random random = new Random(5);
      int[] tokens = random.ints(n, 0, model.lm.vocabularySize()).toArray();
      int[] otherTokens = random.ints(n, 0, model.lm.vocabularySize()).toArray();
      float[] weights = new float[n];
      Arrays.fill(weights, 1f / n);
      Matrix mem = model.randomMem(vectors, random);
      Matrix actual = Matrix.allocate(model.arena, vectors, mem.cols());
      Matrix expected = Matrix.allocate(model.arena, vectors, mem.cols());

      used.text(otherTokens, vectors);
      used.run(model.randomMem(vectors, random), n, weights, actual);
      used.text(tokens, vectors);
      for (int length : new int[] {7, 7, 15, 3, n, n}) {
        used.run(model.randomMem(vectors, random), length, weights, actual);
      }
      double objective = used.run(mem, n, weights, actual);

      fresh.text(tokens, vectors);
      assertThat(objective).isCloseTo(fresh.run(mem, n, weights, expected), within(1e-5));
      assertThat(used.crossEntropies()).containsExactly(fresh.crossEntropies(), within(1e-4f));
      double[] difference = doubles(actual);
      double[] expectedGradient = doubles(expected);
      for (int i = 0; i < difference.length; i++) {
        difference[i] -= expectedGradient[i];
      }
      assertThat(length(difference)).isLessThan(1e-4 * length(expectedGradient));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 23, 24})
  void aPrefixIsAPassOnTheShorterText(int length) {
    try (FixtureModel model = new FixtureModel("llama", Precision.F32, 2);
        GradientPass shorter =
            new GradientPass(model.lm, model.mem.rows() + length - 1, model.workers)) {
      float[] weights = new float[length];
      Arrays.fill(weights, 1f / length);
      Matrix expected = Matrix.allocate(model.arena, model.mem.rows(), model.mem.cols());
      Matrix actual = Matrix.allocate(model.arena, model.mem.rows(), model.mem.cols());
      // Whatever the rows behind the prefix hold must not matter.
      model.pass.run(model.mem, model.ids.length, model.predictAll(), actual);

      double objective = model.pass.run(model.mem, length, weights, actual);

      shorter.text(Arrays.copyOf(model.ids, length), model.mem.rows());
      assertThat(objective).isEqualTo(shorter.run(model.mem, length, weights, expected));
      assertThat(actual.toArray()).isEqualTo(expected.toArray());
      assertThat(Arrays.copyOf(model.pass.margins(), length))
          .isEqualTo(Arrays.copyOf(shorter.margins(), length));
      assertThat(Arrays.copyOf(model.pass.crossEntropies(), length))
          .isEqualTo(Arrays.copyOf(shorter.crossEntropies(), length));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 9", "2, 1", "2, 23", "5, 4"})
  void leadingTargetsOfWeightZeroAreGiven(int vectors, int given) {
    try (FixtureModel model = new FixtureModel("llama", Precision.F32, 2);
        GradientPass pass =
            new GradientPass(model.lm, vectors + model.ids.length - 1, model.workers)) {
      Random random = new Random(given);
      Matrix mem = model.randomMem(vectors, random);
      pass.text(model.ids, vectors);
      int n = model.ids.length;
      float[] all = new float[n];
      for (int i = 0; i < n; i++) {
        all[i] = 0.01f + random.nextFloat() / n;
      }
      float[] first = Arrays.copyOf(Arrays.copyOf(all, given), n);
      float[] rest = all.clone();
      Arrays.fill(rest, 0, given, 0f);
      Matrix gradient = Matrix.allocate(model.arena, vectors, mem.cols());

      double objectiveOfAll = pass.run(mem, n, all, gradient);
      double[] gradientOfAll = doubles(gradient);
      double objectiveOfFirst = pass.run(mem, n, first, gradient);
      double[] sum = doubles(gradient);
      double objectiveOfRest = pass.run(mem, n, rest, gradient);
      double[] gradientOfRest = doubles(gradient);

      for (int i = 0; i < sum.length; i++) {
        sum[i] += gradientOfRest[i] - gradientOfAll[i];
      }
      assertThat(objectiveOfFirst + objectiveOfRest).isCloseTo(objectiveOfAll, within(1e-5));
      assertThat(length(sum)).isLessThan(1e-5 * length(gradientOfAll));
      assertThat(Arrays.copyOf(pass.crossEntropies(), given)).containsOnly(0f);
      assertThat(Arrays.copyOf(pass.margins(), given)).containsOnly(0f);
    }
  }

  @Test
  void aTextWithoutAPredictedTargetHasNoGradient() {
    try (FixtureModel model = new FixtureModel("llama", Precision.F32, 1)) {
      Matrix gradient = Matrix.allocate(model.arena, model.mem.rows(), model.mem.cols());
      gradient.fill(7f);

      double objective = model.pass.run(model.mem, 1, new float[1], gradient);

      assertThat(objective).isZero();
      assertThat(gradient.toArray()).containsOnly(0f);
    }
  }

  @Test
  void runningForwardOnlyGivesTheSameObjective() {
    try (FixtureModel model = new FixtureModel("llama", Precision.F32, 2)) {
      Matrix gradient = Matrix.allocate(model.arena, model.mem.rows(), model.mem.cols());
      int n = model.ids.length;

      double forward = model.pass.run(model.mem, n, model.predictAll(), null);

      assertThat(forward).isEqualTo(model.pass.run(model.mem, n, model.predictAll(), gradient));
    }
  }

  @Test
  void rejectsATextThatDoesNotFit() {
    try (FixtureModel model = new FixtureModel("llama", Precision.F32, 1)) {
      assertThatThrownBy(() -> model.pass.text(model.ids, model.mem.rows() + 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("3 vectors and 24 tokens in a pass of 25 rows");
      assertThatThrownBy(() -> model.pass.text(new int[0], 1))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> model.pass.text(model.ids, -1))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static double[] doubles(Matrix matrix) {
    float[] values = matrix.toArray();
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  private static double[] scaled(double[] values, double factor) {
    return Arrays.stream(values).map(value -> value * factor).toArray();
  }

  private static double length(double[] values) {
    return Math.sqrt(Arrays.stream(values).map(value -> value * value).sum());
  }
}
