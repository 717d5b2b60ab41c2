package dev.cram.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonNull;
import dev.cram.lm.files.DType;
import dev.cram.lm.files.TensorView;
import dev.cram.tensor.BFloat16;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is Gemma's own: scaled embeddings, a large vocabulary, models that read images too. */
class Gemma3Test {
  private static final int VOCABULARY = 65_536;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(Precision.class)
  void embeddingsAreScaledByTheRootOfTheirWidthInTheModelsPrecision(Precision precision)
      throws IOException {
    ModelDirectory model = new ModelDirectory("gemma3_linear");
    float scale = (float) Math.sqrt(48);
    if (precision == Precision.BF16) {
      scale = BFloat16.round(scale);
      assertThat(scale).isEqualTo(6.9375f);
    }
    try (Workers workers = new Workers(1);
        Arena arena = Arena.ofConfined();
        CausalLm lm = open(model.write(directory), precision, workers);
        CausalLm unscaled = open(new Fixture("llama").directory, precision, workers)) {
      Matrix row = Matrix.allocate(arena, 3, 48);
      lm.network().embeddings().copyRow(7, row, 1);
      Matrix stored = Matrix.allocate(arena, 1, 48);
      lm.network().embeddings().rows().copyRow(7, stored, 0);
      for (int col = 0; col < 48; col++) {
        assertThat(row.get(1, col)).isEqualTo(scale * stored.get(0, col));
      }
      assertThat(lm.network().embeddings().scale()).isEqualTo(scale);
      assertThat(unscaled.network().embeddings().scale()).isEqualTo(1);
    }
  }

  /** Newer versions of transformers put the two parts of the prefix the other way round. */
  @Test
  void theLanguageModelIsFoundUnderBothPrefixes() throws IOException {
    ModelDirectory model = new ModelDirectory("gemma3_images_bf16");
    for (String name : List.copyOf(model.tensors.keySet())) {
      TensorView tensor = model.tensors.remove(name);
      String renamed = name.replaceFirst("^language_model\\.model\\.", "model.language_model.");
      model.tensors.put(
          renamed, new TensorView(renamed, tensor.dtype(), tensor.shape(), tensor.data()));
    }
    try (FixtureModel expected = new FixtureModel("gemma3_images_bf16", Precision.F32, 2);
        CausalLm lm = open(model.write(directory), Precision.F32, expected.workers);
        GradientPass pass = new GradientPass(lm, expected.pass.maxRows(), expected.workers)) {
      int n = expected.ids.length;
      pass.text(expected.ids, expected.mem.rows());
      assertThat(pass.run(expected.mem, n, expected.predictAll(), null))
          .isEqualTo(expected.pass.run(expected.mem, n, expected.predictAll(), null));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "hidden_activation, silu, 'hidden_activation is \"silu\", expected \"gelu_pytorch_tanh\"'",
    "final_logit_softcapping, 30.0, 'final_logit_softcapping is 30.0, expected null'",
    "attn_logit_softcapping, 50.0, 'attn_logit_softcapping is 50.0, expected null'",
    "use_bidirectional_attention, true, 'use_bidirectional_attention is true, expected false'",
    "num_hidden_layers, 2, 'layer_types has 3 entries, but num_hidden_layers is 2'",
    "num_key_value_heads, 3, 'num_attention_heads (4) is not a multiple of num_key_value_heads (3)'",
  })
  void namesAConfigKeyThatDoesNotFit(String key, String value, String expected) throws IOException {
    ModelDirectory model = new ModelDirectory("gemma3_linear");
    Object typed =
        value.equals("true")
            ? Boolean.TRUE
            : value.matches("\\d+")
                ? Integer.valueOf(value)
                : value.matches("[\\d.]+") ? Double.valueOf(value) : value;
    model.setConfig(key, typed);
    model.write(directory);
    try (Workers workers = new Workers(1)) {
      assertThatThrownBy(() -> open(directory, Precision.F32, workers))
          .isInstanceOf(InputException.class)
          .hasMessageContaining(expected)
          .message()
          .doesNotContain("\n");
    }
  }

  /**
   * All logits of the longest text of this pass would take 1 GiB, rounded to bfloat16 as much
   * again.
   */
  @Test
  void logitsOfALargeVocabularyExistForSomeRowsAtATime() throws IOException {
    Path status = Path.of("/proc/self/status");
    assumeTrue(Files.exists(status));
    ModelDirectory model = new ModelDirectory("gemma3_linear");
    model.config.add("layer_types", JsonNull.INSTANCE);
    model.setConfig("num_hidden_layers", 1);
    model.setConfig("vocab_size", VOCABULARY);
    model.setConfig("max_position_embeddings", 4096);
    byte[] rows = new byte[2 * 48 * VOCABULARY];
    for (int i = 0; i < rows.length; i += 2) {
      // Some numbers between 0.03 and 0.5, of both signs.
      int mixed = i * 0x9E3779B1 >>> 15;
      rows[i] = (byte) mixed;
      rows[i + 1] = (byte) (0x3D + (mixed >> 8 & 1) - (mixed >> 9 & 1) * 0x80);
    }
    String name = "model.embed_tokens.weight";
    long[] shape = {VOCABULARY, 48};
    model.tensors.put(name, ModelDirectory.view(name, DType.BF16, shape, rows));
    try (Workers workers = new Workers(2);
        Arena arena = Arena.ofConfined();
        CausalLm lm = open(model.write(directory), Precision.BF16, workers)) {
      long before = kibibytes(status);
      try (GradientPass pass = new GradientPass(lm, 4096, workers)) {
        int n = 3;
        int[] tokens = new int[n];
        Arrays.setAll(tokens, i -> VOCABULARY - 1 - 1999 * i);
        float[] weights = new float[n];
        Arrays.fill(weights, 1f / n);
        Matrix mem = Matrix.allocate(arena, 1, 48);
        mem.fill(0.3f);
        Matrix gradient = Matrix.allocate(arena, 1, 48);
        pass.text(tokens, 1);
        double objective = pass.run(mem, n, weights, gradient);

        assertThat(kibibytes(status) - before).isLessThan(500 << 10);
        assertThat(objective).isBetween(10.0, 40.0);
        assertThat(gradient.toArray()).doesNotContain(Float.NaN, 0f);
      }
    }
  }

  /** The address space of this process: what is reserved counts, used or not. */
  private static long kibibytes(Path status) throws IOException {
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmSize:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }

  private static CausalLm open(Path model, Precision precision, Workers workers) {
    return CausalLm.open(model.toString(), precision, workers);
  }
}
