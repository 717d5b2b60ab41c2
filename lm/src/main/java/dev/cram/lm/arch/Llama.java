package dev.cram.lm.arch;

import dev.cram.lm.files.AttentionSizes;
import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.RopeParameters;
import dev.cram.lm.files.Weights;
import dev.cram.lm.layer.AttentionShape;
import dev.cram.lm.layer.GatedMlp;
import dev.cram.lm.layer.Layer;
import dev.cram.lm.layer.Norm;
import dev.cram.lm.layer.Residual;
import dev.cram.lm.layer.Rotary;
import dev.cram.lm.layer.SelfAttention;
import dev.cram.lm.layer.Sequential;
import dev.cram.tensor.FrozenLinear;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Llama (Touvron et al. 2023; transformers {@code LlamaForCausalLM}): per block, {@code x +=
 * attention(norm(x))}, then {@code x += mlp(norm(x))}.
 */
final class Llama implements Architecture {
  @Override
  public Network build(
      ModelConfig config, Weights weights, Arena arena, Precision precision, Workers workers) {
    AttentionSizes sizes = AttentionSizes.of(config);
    int hiddenSize = sizes.hiddenSize();
    int heads = sizes.heads();
    int kvHeads = sizes.keyValueHeads();
    int headDim = sizes.headDim();
    if (headDim % 2 != 0) {
      throw config.wrong("head_dim", "an even number, as rotary positions need");
    }
    int intermediateSize = config.requiredInt("intermediate_size");
    int vocabularySize = config.requiredInt("vocab_size");
    int maxPositions = config.requiredInt("max_position_embeddings");
    float rmsNormEps = (float) config.optionalDouble("rms_norm_eps", 1e-6);
    boolean attentionBias = config.bool("attention_bias", false);
    boolean mlpBias = config.bool("mlp_bias", false);
    String activation = config.string("hidden_act", "silu");
    if (!activation.equals("silu")) {
      throw config.wrong("hidden_act", "\"silu\"");
    }

    Parts parts = new Parts(weights, arena, precision, workers);
    Rotary rotary = new Rotary(RopeParameters.of(config).inverseFrequencies(headDim));
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < config.requiredInt("num_hidden_layers"); i++) {
      String block = "model.layers." + i + ".";
      String attention = block + "self_attn.";
      String mlp = block + "mlp.";
      FrozenLinear qkv =
          parts.fused(
              List.of(attention + "q_proj", attention + "k_proj", attention + "v_proj"),
              new int[] {heads * headDim, kvHeads * headDim, kvHeads * headDim},
              hiddenSize,
              attentionBias);
      FrozenLinear out =
          parts.linear(attention + "o_proj", hiddenSize, heads * headDim, attentionBias);
      FrozenLinear gateUp =
          parts.fused(
              List.of(mlp + "gate_proj", mlp + "up_proj"),
              new int[] {intermediateSize, intermediateSize},
              hiddenSize,
              mlpBias);
      FrozenLinear down = parts.linear(mlp + "down_proj", hiddenSize, intermediateSize, mlpBias);
      layers.add(
          new Residual(
              new Sequential(
                  new Norm(parts.vector(block + "input_layernorm.weight", hiddenSize), rmsNormEps),
                  new SelfAttention(
                      qkv, out, new AttentionShape(heads, kvHeads, headDim), rotary))));
      layers.add(
          new Residual(
              new Sequential(
                  new Norm(
                      parts.vector(block + "post_attention_layernorm.weight", hiddenSize),
                      rmsNormEps),
                  new GatedMlp(gateUp, down))));
    }
    layers.add(new Norm(parts.vector("model.norm.weight", hiddenSize), rmsNormEps));

    String embeddings = "model.embed_tokens";
    boolean tied = config.bool("tie_word_embeddings", false);
    return new Network(
        parts.embeddings(embeddings + ".weight", vocabularySize, hiddenSize),
        new Sequential(layers),
        parts.linear(tied ? embeddings : "lm_head", vocabularySize, hiddenSize, false),
        maxPositions);
  }
}
