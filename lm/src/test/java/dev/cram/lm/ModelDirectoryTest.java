package dev.cram.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.files.TensorView;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Model directories that are cut into shards, and those that are damaged. */
class ModelDirectoryTest {
  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void shardsAreTheSameModelAsOneFile(int shards) throws IOException {
    new ModelDirectory("llama").writeShards(directory, shards);
    try (FixtureModel single = new FixtureModel("llama", Precision.F32, 2);
        CausalLm sharded = open(directory);
        GradientPass pass =
            new GradientPass(sharded, single.mem.rows() + single.ids.length - 1, single.workers)) {
      assertThat(sharded.weightFingerprint()).isEqualTo(single.lm.weightFingerprint());
      assertThat(sharded.tokenizer().fingerprint()).isEqualTo(single.lm.tokenizer().fingerprint());
      Matrix expected = Matrix.allocate(single.arena, single.mem.rows(), single.mem.cols());
      Matrix actual = Matrix.allocate(single.arena, single.mem.rows(), single.mem.cols());
      int n = single.ids.length;
      pass.text(single.ids, single.mem.rows());
      assertThat(pass.run(single.mem, n, single.predictAll(), actual))
          .isEqualTo(single.pass.run(single.mem, n, single.predictAll(), expected));
      assertThat(actual.toArray()).isEqualTo(expected.toArray());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.embed_tokens.weight",
        "model.layers.2.self_attn.k_proj.weight",
        "model.layers.0.mlp.up_proj.bias",
        "model.layers.1.self_attn.o_proj.bias",
        "model.norm.weight",
        "lm_head.weight",
      })
  void namesAMissingWeight(String weight) throws IOException {
    ModelDirectory model = new ModelDirectory("llama_bias");
    assertThat(model.tensors.remove(weight)).isNotNull();
    assertRejected(model, "model.safetensors: has no weight '" + weight + "'");
  }

  @Test
  void namesAWeightOfTheWrongShapeAndWhereTheSizeComesFrom() throws IOException {
    ModelDirectory model = new ModelDirectory("llama");
    String weight = "model.layers.1.mlp.down_proj.weight";
    TensorView tensor = model.tensors.get(weight);
    model.tensors.put(
        weight, new TensorView(weight, tensor.dtype(), new long[] {176, 64}, tensor.data()));
    assertRejected(
        model,
        "model.safetensors: weight '" + weight + "' has shape [176, 64], expected [64, 176]",
        "hidden_size 64",
        "intermediate_size 176");
  }

  @ParameterizedTest
  @CsvSource({"NaN, '[3, 5]'", "Infinity, '[3, 5]'", "-Infinity, '[3, 5]'"})
  void namesAWeightThatIsNotFinite(float value, String where) throws IOException {
    ModelDirectory model = new ModelDirectory("llama");
    String weight = "model.layers.0.self_attn.v_proj.weight";
    model
        .tensors
        .get(weight)
        .data()
        .set(
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
            4L * (3 * 64 + 5),
            value);
    assertRejected(model, "weight '" + weight + "' holds " + value + " at " + where);
  }

  @ParameterizedTest
  @CsvSource({
    "model_type, rwkv, 'model_type \"rwkv\" is not supported; supported are: '",
    "hidden_act, gelu, 'hidden_act is \"gelu\", expected \"silu\"'",
    "num_key_value_heads, 3, 'num_attention_heads (4) is not a multiple of num_key_value_heads (3)'",
    "num_key_value_heads, 0, 'num_key_value_heads is 0, expected a whole number from 1'",
    "head_dim, 15, 'head_dim is 15, expected an even number'",
    "head_dim, 0, 'head_dim is 0, expected a whole number from 1'",
    "head_dim, 2000000000, '4 heads of 2000000000 dimensions make no sense, expected at most'",
    "intermediate_size, 500000000, 'shape [176, 64], expected [500000000, 64]'",
    "intermediate_size, 1200000000, 'shape [176, 64], expected [1200000000, 64]'",
    "num_hidden_layers, -1, 'num_hidden_layers is -1, expected a whole number from 1'",
    "vocab_size, 511, 'weight ''model.embed_tokens.weight'' has shape [512, 64], expected [511, 64]'",
    "num_hidden_layers, 4, 'has no weight ''model.layers.3.'",
    "attention_bias, true, 'has no weight ''model.layers.0.self_attn.q_proj.bias'''",
  })
  void namesAConfigKeyThatDoesNotFit(String key, String value, String expected) throws IOException {
    ModelDirectory model = new ModelDirectory("llama");
    Object typed =
        value.matches("-?\\d+")
            ? Integer.valueOf(value)
            : value.equals("true") ? Boolean.TRUE : value;
    model.setConfig(key, typed);
    assertRejected(model, expected);
  }

  @ParameterizedTest
  @CsvSource({
    "gpt2, n_head, 5, 'n_embd (64) is not a multiple of n_head (5)'",
    "gpt2, n_positions, 100, '(n_positions 100, n_embd 64)'",
    "gpt2, n_inner, 200, '(n_embd 64, n_inner 200)'",
    "gpt2, activation_function, tanh, 'activation_function is \"tanh\", expected \"silu\", \"gelu\"'",
    "gpt_neox, num_attention_heads, 5, 'hidden_size (64) is not a multiple of num_attention_heads (5)'",
    "gpt_neox, hidden_act, tanh, 'hidden_act is \"tanh\", expected \"silu\", \"gelu\"'",
    "gpt_neox, use_parallel_residual, 1, 'use_parallel_residual is 1, expected true or false'",
    "pythia_hub, rotary_pct, 2, 'rotary_pct is 2, expected a share of the 16 elements of a head'",
    "pythia_hub, rotary_emb_base, -1, 'rotary_emb_base is -1, expected a number above 0'",
    "olmo, clip_qkv, -1, 'clip_qkv is -1, expected a number above 0'",
    "olmo, num_key_value_heads, 3, 'num_attention_heads (4) is not a multiple of num_key_value_heads (3)'",
    "opt, num_attention_heads, 5, 'hidden_size (64) is not a multiple of num_attention_heads (5)'",
    "opt, word_embed_proj_dim, 48, '(hidden_size 64, word_embed_proj_dim 48)'",
    "opt, max_position_embeddings, 100, 'has shape [130, 64], expected [102, 64]'",
    "opt, activation_function, tanh, 'activation_function is \"tanh\", expected \"silu\", \"gelu\"'",
  })
  void namesAKeyOfAnArchitecturesOwnThatDoesNotFit(
      String fixture, String key, String value, String expected) throws IOException {
    ModelDirectory model = new ModelDirectory(fixture);
    model.setConfig(key, value.matches("-?\\d+") ? Integer.valueOf(value) : value);
    assertRejected(model, expected);
  }

  @Test
  void namesAConfigKeyThatIsMissing() throws IOException {
    ModelDirectory model = new ModelDirectory("llama");
    model.config.remove("intermediate_size");
    assertRejected(model, "config.json: has no intermediate_size");
  }

  @Test
  void aTokenizerLargerThanTheEmbeddingIsRejected() throws IOException {
    Path target = new ModelDirectory("llama").write(directory);
    Path tokenizer = target.resolve("tokenizer.json");
    String json = Files.readString(tokenizer);
    String added =
        "{'id':%d,'content':'<more>','single_word':false,'lstrip':false,'rstrip':false,"
            + "'normalized':false,'special':%s},";
    String begin = "\"added_tokens\": [";
    assertThat(json).contains(begin);
    for (boolean special : new boolean[] {true, false}) {
      String token = added.formatted(512, special).replace('\'', '"');
      Files.writeString(tokenizer, json.replace(begin, begin + token));
      try (CausalLm lm = open(target)) {
        if (special) {
          // Models for text and images share their tokenizer with those for text alone.
          assertThat(lm.tokenizer().vocabularySize()).isEqualTo(513);
        } else {
          assertThatThrownBy(lm::tokenizer)
              .isInstanceOf(InputException.class)
              .hasMessage(
                  tokenizer
                      + ": has token ids up to 512, but the model has embeddings for 512 tokens"
                      + " (vocab_size); use the tokenizer.json that belongs to the weights");
        }
      }
    }
  }

  @Test
  void aSequenceLongerThanTheContextIsRejected() {
    try (FixtureModel model = new FixtureModel("llama", Precision.F32, 1)) {
      assertThatThrownBy(() -> new GradientPass(model.lm, 129, model.workers))
          .isInstanceOf(InputException.class)
          .hasMessageContainingAll("129", "llama has room for 128");
      assertThatThrownBy(() -> new GreedyDecoder(model.lm, 129, model.workers))
          .isInstanceOf(InputException.class)
          .hasMessageContainingAll("129", "llama has room for 128");
      new GradientPass(model.lm, 128, model.workers).close();
    }
  }

  @Test
  void theLastPositionOfTheContextWorks() {
    try (FixtureModel model = new FixtureModel("llama", Precision.F32, 1);
        GradientPass pass = new GradientPass(model.lm, 128, model.workers);
        GreedyDecoder decoder = new GreedyDecoder(model.lm, 128, model.workers)) {
      int[] tokens = new int[127];
      Arrays.setAll(tokens, i -> 1 + i % 511);
      float[] weights = new float[127];
      Arrays.fill(weights, 1f / 127);
      pass.text(tokens, 2);
      Matrix gradient = Matrix.allocate(model.arena, 2, model.mem.cols());
      assertThat(pass.run(model.mem, 127, weights, gradient)).isFinite();
      decoder.start(model.mem);
      for (int i = 0; i < 126; i++) {
        decoder.feed(tokens[i]);
      }
      assertThat(decoder.margin(tokens[126]))
          .isCloseTo(pass.margins()[126], org.assertj.core.api.Assertions.within(1e-3f));
    }
  }

  private void assertRejected(ModelDirectory model, String... parts) throws IOException {
    Path damaged = model.write(directory);
    assertThatThrownBy(() -> open(damaged).close())
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll(parts)
        .hasMessageContaining(damaged.toString())
        .message()
        .doesNotContain("\n");
  }

  private static CausalLm open(Path directory) {
    try (Workers workers = new Workers(2)) {
      return CausalLm.open(directory.toString(), Precision.F32, workers);
    }
  }
}
