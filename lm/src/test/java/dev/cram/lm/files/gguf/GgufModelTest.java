package dev.cram.lm.files.gguf;

import static dev.cram.lm.files.gguf.GgufFileTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.lm.files.ModelConfig;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class GgufModelTest {
  private static final int F32 = 0;

  /** A llama of width 8 with the token embeddings alone, and with {@code count} more keys. */
  private static GgufBytes llama(int count, UnaryOperator<GgufBytes> more) {
    GgufBytes bytes =
        GgufBytes.header(1, 6 + count)
            .entry("general.architecture", "llama")
            .entry("llama.block_count", 2)
            .entry("llama.context_length", 64)
            .entry("llama.embedding_length", 8)
            .entry("llama.feed_forward_length", 16)
            .entry("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    return more.apply(bytes).tensor("token_embd.weight", F32, 0, 8, 3).data(96);
  }

  @Test
  void hasTheKeysOfHuggingFace() {
    ModelConfig config =
        llama(
                3,
                more ->
                    more.entry("llama.attention.head_count", 2)
                        .ints("llama.attention.head_count_kv", 1, 1)
                        .entry("llama.rope.freq_base", 5e5f))
            .model()
            .config();
    assertThat(config.modelType()).isEqualTo("llama");
    assertThat(config.requiredInt("vocab_size")).isEqualTo(3);
    assertThat(config.requiredInt("hidden_size")).isEqualTo(8);
    assertThat(config.requiredInt("intermediate_size")).isEqualTo(16);
    assertThat(config.requiredInt("num_hidden_layers")).isEqualTo(2);
    assertThat(config.requiredInt("num_attention_heads")).isEqualTo(2);
    assertThat(config.requiredInt("num_key_value_heads")).isEqualTo(1);
    assertThat(config.requiredInt("head_dim")).isEqualTo(4);
    assertThat((float) config.requiredDouble("rms_norm_eps")).isEqualTo(1e-5f);
    assertThat(config.bool("tie_word_embeddings", false)).isTrue();
    assertThat(config.object("rope_parameters").orElseThrow().requiredDouble("rope_theta"))
        .isEqualTo(5e5);
  }

  @Test
  void refusesFamiliesThatItDoesNotKnow() {
    assertRefused(
        () -> GgufBytes.header(0, 1).entry("general.architecture", "falcon").data(0).model(),
        "general.architecture \"falcon\" is not supported in GGUF files; supported are: gemma3,"
            + " gpt2, llama, qwen2, qwen3");
    assertRefused(() -> GgufBytes.header(0, 0).data(0).model(), "has no general.architecture");
  }

  @Test
  void namesTheKeysThatContradictEachOther() {
    assertRefused(
        () -> llama(1, more -> more.entry("llama.attention.head_count", 3)).model(),
        "llama.embedding_length (8) is not a multiple of llama.attention.head_count (3)");
    assertRefused(
        () ->
            llama(
                    2,
                    more ->
                        more.entry("llama.attention.head_count", 4)
                            .entry("llama.attention.head_count_kv", 3))
                .model(),
        "llama.attention.head_count (4) is not a multiple of llama.attention.head_count_kv (3)");
    assertRefused(
        () ->
            llama(
                    2,
                    more ->
                        more.entry("llama.attention.head_count", 2)
                            .entry("llama.rope.dimension_count", 2))
                .model(),
        "llama.rope.dimension_count is 2, expected 4, the width of a head");
    assertRefused(
        () ->
            llama(
                    2,
                    more ->
                        more.entry("llama.attention.head_count", 2)
                            .ints("llama.attention.head_count_kv", 1, 2))
                .model(),
        "llama.attention.head_count_kv differs from layer to layer");
  }

  @Test
  void refusesMoreTokensThanEmbeddings() {
    assertRefused(
        () ->
            llama(
                    2,
                    more ->
                        more.entry("llama.attention.head_count", 2)
                            .strings("tokenizer.ggml.tokens", "a", "b", "c", "d"))
                .model(),
        "tokenizer.ggml.tokens has 4 tokens, but token_embd.weight only 3 rows");
  }

  @Test
  void refusesWhatNoArchitectureHereCanDo() {
    assertRefused(
        () -> llama(1, more -> more.entry("llama.expert_count", 8)).model(),
        "llama.expert_count is 8, expected none: mixtures of experts are not supported");
    assertRefused(
        () -> llama(1, more -> more.entry("split.count", 3)).model(), "is one of 3 parts");
    assertRefused(
        () ->
            GgufBytes.header(2, 7)
                .entry("general.architecture", "llama")
                .entry("llama.block_count", 2)
                .entry("llama.context_length", 64)
                .entry("llama.embedding_length", 8)
                .entry("llama.feed_forward_length", 16)
                .entry("llama.attention.head_count", 2)
                .entry("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .tensor("token_embd.weight", F32, 0, 8, 3)
                .tensor("blk.0.attn_sinks.weight", F32, 96, 2)
                .data(104)
                .model(),
        "tensor 'blk.0.attn_sinks.weight' is none that models of architecture llama have");
  }

  @Test
  void refusesTokenizersThatItDoesNotKnow() {
    assertRefused(
        () -> tokenizer("bert", "default"), "tokenizer.ggml.model is bert, expected gpt2");
    assertRefused(
        () -> tokenizer("gpt2", "tekken"),
        "tokenizer.ggml.pre is tekken, expected one of codeshell, command-r, deepseek-r1-qwen,");
  }

  @Test
  void refusesPiecesWhoseMergesWouldTakeMuchMoreMemoryThanTheFile() {
    assertRefused(
        () ->
            GgufTokenizer.json(
                GgufBytes.header(0, 4)
                    .entry("tokenizer.ggml.model", "llama")
                    .strings("tokenizer.ggml.tokens", "a", "aa", "a".repeat(129))
                    .floats("tokenizer.ggml.scores", 0, -1, -2)
                    .ints("tokenizer.ggml.token_type", 1, 1, 1)
                    .file()
                    .metadata()),
        "tokenizer.ggml.tokens");
  }

  private static byte[] tokenizer(String model, String pre) {
    return GgufTokenizer.json(
        GgufBytes.header(0, 4)
            .entry("tokenizer.ggml.model", model)
            .entry("tokenizer.ggml.pre", pre)
            .strings("tokenizer.ggml.tokens", "a", "b", "ab")
            .strings("tokenizer.ggml.merges", "a b")
            .file()
            .metadata());
  }
}
