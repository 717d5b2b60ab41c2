package dev.cram.lm.arch;

import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.Weights;
import dev.cram.lm.layer.AttentionShape;
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
 * Mistral (Jiang et al. 2023; transformers {@code MistralForCausalLM}): Llama with all attention in
 * a sliding window, which later versions give up with {@code "sliding_window": null}.
 */
final class Mistral implements Architecture {
  /** Of configs without the key, as in transformers. */
  private static final int DEFAULT_WINDOW = 4096;

  @Override
  public Network build(
      ModelConfig config, Weights weights, Arena arena, Precision precision, Workers workers) {
    LlamaParts parts = new LlamaParts(config, new Parts(weights, arena, precision, workers));
    AttentionShape heads = parts.heads();
    if (config.has("sliding_window")) {
      heads = heads.withWindow(config.requiredInt("sliding_window"));
    } else if (!config.isNull("sliding_window")) {
      heads = heads.withWindow(DEFAULT_WINDOW);
    }
    Rotary rotary = parts.rotary();
    List<Layer> blocks = new ArrayList<>();
    for (int i = 0; i < config.requiredInt("num_hidden_layers"); i++) {
      String block = "model.layers." + i;
      blocks.add(
          new Residual(
              new Sequential(
                  parts.norm(block + ".input_layernorm"),
                  parts.attention(block + ".self_attn", heads, false, false, rotary))));
      blocks.add(
          new Residual(
              new Sequential(
                  parts.norm(block + ".post_attention_layernorm"),
                  parts.mlp(block + ".mlp", false))));
    }
    return parts.network(blocks);
  }
}
