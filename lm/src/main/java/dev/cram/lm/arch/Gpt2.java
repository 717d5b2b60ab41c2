package dev.cram.lm.arch;

import dev.cram.lm.files.AttentionSizes;
import dev.cram.lm.files.HiddenActivation;
import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.Weights;
import dev.cram.lm.layer.AttentionShape;
import dev.cram.lm.layer.Layer;
import dev.cram.lm.layer.LearnedPositions;
import dev.cram.lm.layer.Mlp;
import dev.cram.lm.layer.Residual;
import dev.cram.lm.layer.SelfAttention;
import dev.cram.lm.layer.Sequential;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.Activation;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * GPT-2 (Radford et al. 2019; transformers {@code GPT2LMHeadModel}): learned positions, then per
 * block {@code x += attention(norm(x))} and {@code x += mlp(norm(x))}. Its linear maps are stored
 * as {@code [inputs, outputs]}.
 */
final class Gpt2 implements Architecture {
  @Override
  public Network build(
      ModelConfig config, Weights weights, Arena arena, Precision precision, Workers workers) {
    AttentionSizes sizes = AttentionSizes.ofEqualShares(config, "n_embd", "n_head");
    int hiddenSize = sizes.hiddenSize();
    int heads = sizes.heads();
    int headDim = sizes.headDim();
    int intermediateSize = config.has("n_inner") ? config.requiredInt("n_inner") : 4 * hiddenSize;
    int vocabularySize = config.requiredInt("vocab_size");
    int maxPositions = config.requiredInt("n_positions");
    float layerNormEps = (float) config.optionalDouble("layer_norm_epsilon", 1e-5);
    Activation activation = HiddenActivation.of(config, "activation_function", "gelu_new");
    boolean scaled = config.bool("scale_attn_weights", true);
    boolean scaledByLayer = config.bool("scale_attn_by_inverse_layer_idx", false);
    double scale = scaled ? 1 / Math.sqrt(headDim) : 1;

    Parts parts = new Parts(weights, arena, precision, workers);
    String model = parts.prefix("transformer.", "wte.weight");
    List<Layer> layers = new ArrayList<>();
    layers.add(
        new LearnedPositions(parts.positions(model + "wpe.weight", maxPositions, hiddenSize)));
    for (int i = 0; i < config.requiredInt("n_layer"); i++) {
      String block = model + "h." + i + ".";
      layers.add(
          new Residual(
              new Sequential(
                  parts.layerNorm(block + "ln_1", hiddenSize, layerNormEps),
                  new SelfAttention(
                      parts.conv1d(block + "attn.c_attn", hiddenSize, 3 * hiddenSize),
                      parts.conv1d(block + "attn.c_proj", hiddenSize, hiddenSize),
                      new AttentionShape(heads, heads, headDim)
                          .withScale((float) (scaledByLayer ? scale / (i + 1) : scale))))));
      layers.add(
          new Residual(
              new Sequential(
                  parts.layerNorm(block + "ln_2", hiddenSize, layerNormEps),
                  new Mlp(
                      parts.conv1d(block + "mlp.c_fc", hiddenSize, intermediateSize),
                      activation,
                      parts.conv1d(block + "mlp.c_proj", intermediateSize, hiddenSize)))));
    }
    layers.add(parts.layerNorm(model + "ln_f", hiddenSize, layerNormEps));

    String embeddings = model + "wte";
    boolean tied = config.bool("tie_word_embeddings", true);
    return new Network(
        parts.embeddings(embeddings + ".weight", vocabularySize, hiddenSize),
        new Sequential(layers),
        parts.linear(tied ? embeddings : "lm_head", vocabularySize, hiddenSize, false),
        maxPositions);
  }
}
