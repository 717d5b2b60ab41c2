package dev.cram.lm.arch;

import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.Weights;
import dev.cram.lm.layer.Layer;
import dev.cram.lm.layer.Residual;
import dev.cram.lm.layer.Rotary;
import dev.cram.lm.layer.Sequential;
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
    LlamaParts parts = new LlamaParts(config, new Parts(weights, arena, precision, workers));
    boolean attentionBias = config.bool("attention_bias", false);
    boolean mlpBias = config.bool("mlp_bias", false);
    Rotary rotary = parts.rotary();
    List<Layer> blocks = new ArrayList<>();
    for (int i = 0; i < config.requiredInt("num_hidden_layers"); i++) {
      String block = "model.layers." + i;
      blocks.add(
          new Residual(
              new Sequential(
                  parts.norm(block + ".input_layernorm"),
                  parts.attention(
                      block + ".self_attn", parts.heads(), attentionBias, attentionBias, rotary))));
      blocks.add(
          new Residual(
              new Sequential(
                  parts.norm(block + ".post_attention_layernorm"),
                  parts.mlp(block + ".mlp", mlpBias))));
    }
    return parts.network(blocks);
  }
}
