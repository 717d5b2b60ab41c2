package dev.cram.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.Precision;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Decoding with a cache against decoding without one. */
class GreedyDecoderTest {
  @Test
  void vectorsThatMakeTheModelOverflowHaveNoToken() {
    // A layer norm takes the mean of a row, which is infinite.
    try (FixtureModel model = new FixtureModel("gpt2", Precision.F32, 1);
        Arena arena = Arena.ofConfined();
        GreedyDecoder decoder = new GreedyDecoder(model.lm, 2, model.workers)) {
      float[] huge = new float[model.lm.embeddingSize()];
      Arrays.fill(huge, Float.MAX_VALUE);
      decoder.start(Matrix.of(arena, 1, huge.length, huge));

      assertThat(decoder.next()).isEqualTo(GreedyDecoder.NONE);
      assertThatThrownBy(decoder::prediction)
          .isInstanceOf(InputException.class)
          .hasMessageContaining("so large");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gemma3",
        "gemma3_linear",
        "gpt2",
        "gpt_neox",
        "gpt_neox_sequential",
        "llama",
        "llama3_rope",
        "llama_bias",
        "llama_tied_mha",
        "mamba",
        "mamba_untied",
        "mistral_window",
        "olmo",
        "olmo_hub",
        "opt",
        "opt_350m_style",
        "opt_galactica_style",
        "qwen2_window",
        "qwen3",
        "qwen3_window"
      })
  void aCacheChangesNothing(String name) {
    try (FixtureModel model = new FixtureModel(name, Precision.F32, 2);
        GreedyDecoder cached = new GreedyDecoder(model.lm, rows(model), model.workers);
        GreedyDecoder fresh = new GreedyDecoder(model.lm, rows(model), model.workers)) {
      cached.start(model.mem);
      for (int i = 0; i < model.ids.length; i++) {
        fresh.start(model.inputRows(model.mem, model.mem.rows() + i));
        assertThat(cached.next()).isEqualTo(fresh.next());
        assertThat(cached.margin(model.ids[i]))
            .isCloseTo(fresh.margin(model.ids[i]), within(1e-4f));
        cached.feed(model.ids[i]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gpt2, F32, 1e-5",
    "gpt_neox, F32, 1e-5",
    "opt_350m_style, F32, 1e-5",
    "olmo, F32, 1e-5",
    "llama_bf16, F32, 1e-5",
    "llama_bf16, BF16, 2e-2",
    "mamba, F32, 1e-5"
  })
  void rowsMayComeInPiecesOfAnySize(String name, Precision precision, float share) {
    try (FixtureModel model = new FixtureModel(name, precision, 2)) {
      int rows = rows(model);
      float[] whole = model.logits(model.mem, rows);
      float largest = 0;
      for (float logit : whole) {
        largest = Math.max(largest, Math.abs(logit));
      }

      for (int[] ends :
          new int[][] {
            IntStream.rangeClosed(1, rows).toArray(), {1, rows}, {2, 3, 10, rows}, {rows - 1, rows}
          }) {
        float[] pieces = model.logits(model.mem, ends);
        for (int i = 0; i < whole.length; i++) {
          assertThat(pieces[i]).isCloseTo(whole[i], within(share * largest));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void theRoomThatIsReservedDoesNotMatter(Precision precision) {
    try (FixtureModel model = new FixtureModel("llama_bf16", precision, 2);
        GreedyDecoder narrow = new GreedyDecoder(model.lm, rows(model), model.workers);
        GreedyDecoder roomy = new GreedyDecoder(model.lm, model.lm.maxPositions(), model.workers)) {
      // As after a longer text.
      roomy.start(model.randomMem(100, new java.util.Random(1)));
      assertThat(margins(roomy, model)).isEqualTo(margins(narrow, model));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "mamba"})
  void aDecoderStartsAgainAsIfNew(String name) {
    try (FixtureModel model = new FixtureModel(name, Precision.F32, 2);
        GreedyDecoder decoder = new GreedyDecoder(model.lm, rows(model), model.workers)) {
      float[] first = margins(decoder, model);
      decoder.start(model.randomMem(3, new java.util.Random(1)));
      decoder.feed(5);

      assertThat(margins(decoder, model)).isEqualTo(first);
    }
  }

  private static float[] margins(GreedyDecoder decoder, FixtureModel model) {
    Matrix mem = model.mem;
    float[] margins = new float[model.ids.length];
    decoder.start(mem);
    for (int i = 0; i < margins.length; i++) {
      margins[i] = decoder.margin(model.ids[i]);
      decoder.feed(model.ids[i]);
    }
    return margins;
  }

  private static int rows(FixtureModel model) {
    return model.mem.rows() + model.ids.length;
  }

  @Test
  void aPredictionIsTheSoftmaxOfTheTwoLargestLogits() {
    try (FixtureModel model = new FixtureModel("llama", Precision.F32, 1);
        GreedyDecoder decoder = new GreedyDecoder(model.lm, rows(model), model.workers)) {
      decoder.start(model.mem);

      GreedyDecoder.Prediction prediction = decoder.prediction();

      assertThat(prediction.token()).isEqualTo(decoder.next());
      assertThat(prediction.runnerUp()).isNotEqualTo(prediction.token());
      assertThat(prediction.margin()).isEqualTo(decoder.margin(prediction.token()));
      assertThat(decoder.margin(prediction.runnerUp())).isEqualTo(-prediction.margin());
      double sum = 0;
      double best = 0;
      for (int token = 0; token < model.lm.vocabularySize(); token++) {
        // Logits but for a constant: those of others against the best token's.
        double logit = token == prediction.token() ? 0 : decoder.margin(token);
        sum += Math.exp(logit);
        best = Math.max(best, logit);
      }
      assertThat(best).isZero();
      assertThat(prediction.probability()).isCloseTo((float) (1 / sum), within(1e-6f));
      assertThat(prediction.runnerUpProbability())
          .isCloseTo((float) (Math.exp(-prediction.margin()) / sum), within(1e-6f));
    }
  }
}
