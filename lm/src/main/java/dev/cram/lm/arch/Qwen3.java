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
import java.util.Map;

/**
 * Qwen 3 without experts (Yang et al. 2025; transformers {@code Qwen3ForCausalLM}): Llama with a
 * norm of each head's queries and keys before they are turned, heads of a width of their own, and
 * on demand a sliding window in its upper layers.
 */
final class Qwen3 implements Architecture {
  @Override
  public Network build(
      ModelConfig file, Weights weights, Arena arena, Precision precision, Workers workers) {
    ModelConfig config = file.withDefaults(Map.of("head_dim", 128));
    LlamaParts parts = new LlamaParts(config, new Parts(weights, arena, precision, workers));
    int[] windows = SlidingWindows.ofUpperLayers(config);
    boolean bias = config.bool("attention_bias", false);
    Rotary rotary = parts.rotary();
    List<Layer> blocks = new ArrayList<>();
    for (int i = 0; i < windows.length; i++) {
      String block = "model.layers." + i;
      String attention = block + ".self_attn";
      blocks.add(
          new Residual(
              new Sequential(
                  parts.norm(block + ".input_layernorm"),
                  parts.attention(
                      attention,
                      parts.heads().withWindow(windows[i]),
                      bias,
                      bias,
                      parts.queryKeyNorm(attention),
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
