package dev.cram.lm.arch;

import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.SlidingWindows;
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
 * Qwen 2 and 2.5 (Yang et al. 2024; transformers {@code Qwen2ForCausalLM}): Llama with biases of
 * queries, keys and values, and on demand a sliding window in its upper layers.
 */
final class Qwen2 implements Architecture {
  @Override
  public Network build(
      ModelConfig config, Weights weights, Arena arena, Precision precision, Workers workers) {
    LlamaParts parts = new LlamaParts(config, new Parts(weights, arena, precision, workers));
    int[] windows = SlidingWindows.ofUpperLayers(config);
    Rotary rotary = parts.rotary();
    List<Layer> blocks = new ArrayList<>();
    for (int i = 0; i < windows.length; i++) {
      String block = "model.layers." + i;
      blocks.add(
          new Residual(
              new Sequential(
                  parts.norm(block + ".input_layernorm"),
                  parts.attention(
                      block + ".self_attn",
                      parts.heads().withWindow(windows[i]),
                      true,
                      false,
                      rotary))));
      blocks.add(
          new Residual(
              new Sequential(
                  parts.norm(block + ".post_attention_layernorm"),
                  parts.mlp(block + ".mlp", false))));
    }
    return parts.network(blocks);
  }
}
