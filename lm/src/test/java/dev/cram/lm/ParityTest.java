package dev.cram.lm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.Precision;
import dev.cram.tensor.op.AdamW;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every architecture against transformers. */
class ParityTest {
  static Stream<Arguments> cases() {
    return Stream.of(
            "gemma3",
            "gemma3_hub",
            "gemma3_images_bf16",
            "gemma3_linear",
            "gpt2",
            "gpt2_hub",
            "gpt2_scaled",
            "gpt_neox",
            "gpt_neox_sequential",
            "llama",
            "llama3_rope",
            "llama_bf16",
            "llama_bias",
            "llama_tied_mha",
            "mamba",
            "mamba_hub",
            "mamba_untied",
            "mistral",
            "mistral_hub",
            "mistral_window",
            "olmo",
            "olmo_hub",
            "opt",
            "opt_350m_style",
            "opt_galactica_style",
            "opt_hub",
            "pythia_hub",
            "qwen2",
            "qwen2_hub",
            "qwen2_window",
            "qwen3",
            "qwen3_hub",
            "qwen3_window",
            "llama_bias.gguf",
            "llama3_rope.gguf",
            "qwen2.gguf",
            "qwen3.gguf",
            "gemma3.gguf",
            "gpt2.gguf")
        .flatMap(
            name -> Stream.of(1, 2).map(threads -> Arguments.of(name, Precision.F32, threads)));
  }

  static Stream<Arguments> casesWithBf16() {
    return Stream.concat(
        cases(),
        Stream.of("llama_bf16", "gemma3_images_bf16", "mamba_hub")
            .flatMap(name ->
                Stream.of(1, 2).map(threads -> Arguments.of(name, Precision.BF16, threads))));
  }

  @ParameterizedTest
  @MethodSource("casesWithBf16")
  void logitsAreThoseOfTransformers(String name, Precision precision, int threads) {
    try (FixtureModel model = new FixtureModel(name, precision, threads)) {
      float tolerance = precision == Precision.F32 ? 2e-4f : 3e-2f;
      int n = model.ids.length;
      float[] plain = model.logits(null, n);
      assertClose(plain, model.fixture.floats("logits"), tolerance);
      float[] withMem = model.logits(model.mem, model.mem.rows() + n);
      int vocabularySize = model.lm.vocabularySize();
      assertClose(
          Arrays.copyOfRange(
              withMem, model.mem.rows() * vocabularySize, (model.mem.rows() + n) * vocabularySize),
          model.fixture.floats("mem_logits"),
          tolerance);
    }
  }

  @ParameterizedTest
  @MethodSource("casesWithBf16")
  void lossesAndGradientsAreThoseOfTransformers(String name, Precision precision, int threads) {
    try (FixtureModel model = new FixtureModel(name, precision, threads)) {
      float lossTolerance = precision == Precision.F32 ? 1e-5f : 3e-2f;
      float gradientTolerance = precision == Precision.F32 ? 1e-4f : 3e-2f;
      Matrix gradient = Matrix.allocate(model.arena, model.mem.rows(), model.mem.cols());

      double memLoss = model.pass.run(model.mem, model.ids.length, model.givenFirst(), gradient);
      assertThat(memLoss).isCloseTo(model.fixture.floats("mem_loss")[0], offset(lossTolerance));
      assertRelative(gradient.toArray(), model.fixture.floats("mem_grad"), gradientTolerance);

      float[] all = new float[model.ids.length];
      Arrays.fill(all, 1f / all.length);
      double allLoss = model.pass.run(model.mem, model.ids.length, all, gradient);
      assertThat(allLoss).isCloseTo(model.fixture.floats("all_loss")[0], offset(lossTolerance));
      assertRelative(gradient.toArray(), model.fixture.floats("all_grad"), gradientTolerance);

      model.pass.text(model.ids, 0);
      double alone = model.pass.run(null, model.ids.length, model.givenFirst(), null);
      assertThat(alone).isCloseTo(model.fixture.floats("loss")[0], offset(lossTolerance));
    }
  }

  @ParameterizedTest
  @MethodSource("casesWithBf16")
  void fiveAdamWStepsEndWhereThoseOfPyTorchEnd(String name, Precision precision, int threads) {
    try (FixtureModel model = new FixtureModel(name, precision, threads)) {
      Matrix gradient = Matrix.allocate(model.arena, model.mem.rows(), model.mem.cols());
      float[] parameters = model.mem.toArray();
      AdamW adamW = new AdamW(parameters.length, 0.9, 0.9, 1e-8, 0.01);
      for (int step = 0; step < 5; step++) {
        model.mem.copyFrom(parameters);
        model.pass.run(model.mem, model.ids.length, model.givenFirst(), gradient);
        adamW.step(parameters, gradient.toArray(), 0.01);
      }
      assertRelative(
          parameters,
          model.fixture.floats("mem_adamw5"),
          precision == Precision.F32 ? 1e-4f : 3e-2f);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void greedyDecodingWithACacheIsThatOfTransformers(String name, Precision precision, int threads) {
    try (FixtureModel model = new FixtureModel(name, precision, threads);
        GreedyDecoder decoder =
            new GreedyDecoder(model.lm, model.mem.rows() + model.ids.length, model.workers)) {
      int[] decoded = new int[model.ids.length];
      decoder.start(model.mem);
      decoded[0] = model.ids[0];
      for (int i = 1; i < decoded.length; i++) {
        decoder.feed(decoded[i - 1]);
        decoded[i] = decoder.next();
      }
      assertThat(decoded).isEqualTo(model.fixture.ids("greedy"));
    }
  }

  @ParameterizedTest
  @MethodSource("casesWithBf16")
  void marginsOfTheGradientPassAreThoseOfTheDecodingPath(
      String name, Precision precision, int threads) {
    try (FixtureModel model = new FixtureModel(name, precision, threads);
        GreedyDecoder decoder =
            new GreedyDecoder(model.lm, model.mem.rows() + model.ids.length, model.workers)) {
      float[] all = new float[model.ids.length];
      Arrays.fill(all, 1f / all.length);
      model.pass.run(model.mem, model.ids.length, all, null);
      decoder.start(model.mem);
      float tolerance = precision == Precision.F32 ? 1e-3f : 0.2f;
      for (int i = 0; i < model.ids.length; i++) {
        assertThat(decoder.margin(model.ids[i]))
            .isCloseTo(model.pass.margins()[i], org.assertj.core.data.Offset.offset(tolerance));
        decoder.feed(model.ids[i]);
      }
    }
  }

  private static org.assertj.core.data.Offset<Double> offset(float tolerance) {
    return org.assertj.core.data.Offset.offset((double) tolerance);
  }

  /** Every element within a share of the largest magnitude. */
  private static void assertClose(float[] actual, float[] expected, float share) {
    assertThat(actual).hasSameSizeAs(expected);
    float largest = 0;
    float worst = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
    }
    assertThat(worst / largest).isLessThan(share);
  }

  /** L2 distance relative to the L2 length. */
  private static void assertRelative(float[] actual, float[] expected, float tolerance) {
    assertThat(actual).hasSameSizeAs(expected);
    double distance = 0;
    double length = 0;
    for (int i = 0; i < expected.length; i++) {
      distance += Math.pow(actual[i] - expected[i], 2);
      length += Math.pow(expected[i], 2);
    }
    assertThat(Math.sqrt(distance / length)).isLessThan(tolerance);
  }
}
