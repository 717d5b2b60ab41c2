package dev.cram.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.files.TensorView;
import dev.cram.lm.layer.Flow;
import dev.cram.lm.layer.Plan;
import dev.cram.lm.layer.Stage;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is Mamba's own: its config, and a state where others have keys and values. */
class MambaTest {
  @TempDir Path directory;

  @Test
  void readsTheOldNameOfTheTokenEmbeddings() throws IOException {
    ModelDirectory model = new ModelDirectory("mamba");
    TensorView embeddings = model.tensors.remove("backbone.embeddings.weight");
    model.tensors.put(
        "backbone.embedding.weight",
        ModelDirectory.view(
            "backbone.embedding.weight",
            embeddings.dtype(),
            embeddings.shape(),
            embeddings.data().toArray(ValueLayout.JAVA_BYTE)));

    try (FixtureModel expected = new FixtureModel("mamba", Precision.F32, 2);
        CausalLm lm =
            CausalLm.open(model.write(directory).toString(), Precision.F32, expected.workers);
        GreedyDecoder decoder = new GreedyDecoder(lm, 30, expected.workers);
        GreedyDecoder original = new GreedyDecoder(expected.lm, 30, expected.workers)) {
      decoder.start(expected.mem);
      original.start(expected.mem);
      for (int token : expected.ids) {
        assertThat(decoder.margin(token)).isEqualTo(original.margin(token));
        decoder.feed(token);
        original.feed(token);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "intermediate_size, 120, 'intermediate_size (120) is not expand * hidden_size (2 * 64)'",
    "expand, 2000000000, 'expand is 2000000000, expected'",
    "time_step_rank, 0, 'time_step_rank is 0, expected a whole number from 1'",
    "time_step_rank, dull, 'time_step_rank is \"dull\", expected a whole number from 1'",
    "time_step_rank, 5, 'has shape [36, 128], expected [37, 128]'",
    "hidden_act, gelu, 'hidden_act is \"gelu\", expected \"silu\"'",
    "conv_kernel, 5, 'has shape [128, 1, 4], expected [128, 1, 5]'",
    "state_size, 8, '.mixer.A_log'' has shape [128, 16], expected [128, 8]'",
  })
  void namesAConfigKeyThatDoesNotFit(String key, String value, String expected) throws IOException {
    ModelDirectory model = new ModelDirectory("mamba");
    model.setConfig(key, value.matches("\\d+") ? Integer.valueOf(value) : value);
    Path damaged = model.write(directory);
    try (Workers workers = new Workers(1)) {
      assertThatThrownBy(() -> CausalLm.open(damaged.toString(), Precision.F32, workers).close())
          .isInstanceOf(InputException.class)
          .hasMessageContaining(expected)
          .message()
          .doesNotContain("\n");
    }
  }

  /** Around the kernel of the convolution, and around the chunks of the scan. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 31, 32, 33, 70})
  void decodingRowByRowIsDecodingAtOnce(int rows) {
    try (FixtureModel model = new FixtureModel("mamba", Precision.F32, 2);
        Multiplier multiplier = new Multiplier(model.workers, rows);
        Arena arena = Arena.ofShared()) {
      Matrix input = model.randomMem(rows, new Random(rows));
      Plan plan = new Plan(arena, model.workers, multiplier, rows, false);
      Stage body = model.lm.network().body().plan(new Flow(input, null), null, plan);
      body.forward(0, rows);
      float[] atOnce = body.output().toArray();
      for (int row = 0; row < rows; row++) {
        body.forward(row, row + 1);
      }
      float[] rowByRow = body.output().toArray();
      for (int i = 0; i < atOnce.length; i++) {
        assertThat(rowByRow[i]).isCloseTo(atOnce[i], org.assertj.core.api.Assertions.within(1e-4f));
      }
    }
  }
}
