package dev.cram.lm.arch;

import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.Weights;
import dev.cram.lm.layer.ClippedQkv;
import dev.cram.lm.layer.Layer;
import dev.cram.lm.layer.Norm;
import dev.cram.lm.layer.QkvTransform;
import dev.cram.lm.layer.Residual;
import dev.cram.lm.layer.Rotary;
import dev.cram.lm.layer.Sequential;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * OLMo (Groeneveld et al. 2024; transformers {@code OlmoForCausalLM}): Llama with layer norms that
 * have no parameters, and on demand with limits to queries, keys and values before they are turned.
 */
final class Olmo implements Architecture {
  private static final float LAYER_NORM_EPS = 1e-5f;

  @Override
  public Network build(
      ModelConfig config, Weights weights, Arena arena, Precision precision, Workers workers) {
    LlamaParts parts = new LlamaParts(config, new Parts(weights, arena, precision, workers));
    Norm norm = Norm.layer(config.requiredInt("hidden_size"), LAYER_NORM_EPS);
    boolean bias = config.bool("attention_bias", false);
    Rotary rotary = parts.rotary();
    QkvTransform[] transforms =
        config.has("clip_qkv")
            ? new QkvTransform[] {new ClippedQkv(limit(config)), rotary}
            : new QkvTransform[] {rotary};
    List<Layer> blocks = new ArrayList<>();
    for (int i = 0; i < config.requiredInt("num_hidden_layers"); i++) {
      String block = "model.layers." + i;
      blocks.add(
          new Residual(
              new Sequential(
                  norm,
                  parts.attention(block + ".self_attn", parts.heads(), bias, bias, transforms))));
      blocks.add(new Residual(new Sequential(norm, parts.mlp(block + ".mlp", false))));
    }
    return parts.network(blocks, norm);
  }

  private static float limit(ModelConfig config) {
    double limit = config.requiredDouble("clip_qkv");
    if (limit <= 0) {
      throw config.wrong("clip_qkv", "a number above 0");
    }
    return (float) limit;
  }
}
