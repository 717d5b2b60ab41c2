package dev.cram.lm.arch;

import dev.cram.lm.files.AttentionSizes;
import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.RopeParameters;
import dev.cram.lm.layer.AttentionShape;
import dev.cram.lm.layer.GatedMlp;
import dev.cram.lm.layer.GatedMlp.Gate;
import dev.cram.lm.layer.Layer;
import dev.cram.lm.layer.Norm;
import dev.cram.lm.layer.QkvTransform;
import dev.cram.lm.layer.QueryKeyNorm;
import dev.cram.lm.layer.Rotary;
import dev.cram.lm.layer.SelfAttention;
import dev.cram.lm.layer.Sequential;
import dev.cram.tensor.FrozenLinear;
import java.util.ArrayList;
import java.util.List;

/**
 * Llama's layers, sized by its config keys and read by its weights' names. Mistral, Qwen and OLMo
 * have both in common with Llama.
 */
final class LlamaParts {
  private final ModelConfig config;
  private final Parts parts;
  private final AttentionSizes sizes;
  private final float rmsNormEps;

  LlamaParts(ModelConfig config, Parts parts) {
    this.config = config;
    this.parts = parts;
    sizes = AttentionSizes.of(config);
    if (sizes.headDim() % 2 != 0) {
      throw config.wrong("head_dim", "an even number, as rotary positions need");
    }
    rmsNormEps = (float) config.optionalDouble("rms_norm_eps", 1e-6);
  }

  /** The heads, scaled by {@code 1 / sqrt(headDim)} and without a window. */
  AttentionShape heads() {
    return new AttentionShape(sizes.heads(), sizes.keyValueHeads(), sizes.headDim());
  }

  /** Positions of whole heads. */
  Rotary rotary() {
    return new Rotary(RopeParameters.of(config).inverseFrequencies(sizes.headDim()));
  }

  /** {@code name.weight}. */
  Norm norm(String name) {
    return Norm.rms(parts.vector(name + ".weight", sizes.hiddenSize()), rmsNormEps);
  }

  /** {@code prefix.q_norm} and {@code prefix.k_norm}. */
  QueryKeyNorm queryKeyNorm(String prefix) {
    return new QueryKeyNorm(
        parts.vector(prefix + ".q_norm.weight", sizes.headDim()),
        parts.vector(prefix + ".k_norm.weight", sizes.headDim()),
        rmsNormEps);
  }

  /** {@code prefix.q_proj}, {@code k_proj}, {@code v_proj} and {@code o_proj}. */
  SelfAttention attention(
      String prefix,
      AttentionShape heads,
      boolean qkvBias,
      boolean outBias,
      QkvTransform... transforms) {
    int queries = sizes.heads() * sizes.headDim();
    int keys = sizes.keyValueHeads() * sizes.headDim();
    FrozenLinear qkv =
        parts.fused(
            List.of(prefix + ".q_proj", prefix + ".k_proj", prefix + ".v_proj"),
            new int[] {queries, keys, keys},
            sizes.hiddenSize(),
            qkvBias);
    FrozenLinear out = parts.linear(prefix + ".o_proj", sizes.hiddenSize(), queries, outBias);
    return new SelfAttention(qkv, out, heads, transforms);
  }

  /** {@code prefix.gate_proj}, {@code up_proj} and {@code down_proj}, with SiLU. */
  GatedMlp mlp(String prefix, boolean bias) {
    if (!config.string("hidden_act", "silu").equals("silu")) {
      throw config.wrong("hidden_act", "\"silu\"");
    }
    return mlp(prefix, Gate.SWIGLU, bias);
  }

  /** The same with another activation. */
  GatedMlp mlp(String prefix, Gate gate, boolean bias) {
    int intermediateSize = config.requiredInt("intermediate_size");
    FrozenLinear gateUp =
        parts.fused(
            List.of(prefix + ".gate_proj", prefix + ".up_proj"),
            new int[] {intermediateSize, intermediateSize},
            sizes.hiddenSize(),
            bias);
    FrozenLinear down =
        parts.linear(prefix + ".down_proj", sizes.hiddenSize(), intermediateSize, bias);
    return new GatedMlp(gateUp, down, gate);
  }

  /** The blocks, {@code model.norm}, and around them what the other method says. */
  Network network(List<Layer> blocks) {
    return network(blocks, norm("model.norm"));
  }

  /**
   * The blocks and the final norm between {@code model.embed_tokens} and the head, which is {@code
   * lm_head} unless {@code tie_word_embeddings} says that it is the embeddings again.
   */
  Network network(List<Layer> blocks, Norm finalNorm) {
    int vocabularySize = config.requiredInt("vocab_size");
    String embeddings = "model.embed_tokens";
    String head = config.bool("tie_word_embeddings", false) ? embeddings : "lm_head";
    List<Layer> body = new ArrayList<>(blocks);
    body.add(finalNorm);
    return new Network(
        parts.embeddings(embeddings + ".weight", vocabularySize, sizes.hiddenSize()),
        new Sequential(body),
        parts.linear(head, vocabularySize, sizes.hiddenSize(), false),
        config.requiredInt("max_position_embeddings"));
  }
}
