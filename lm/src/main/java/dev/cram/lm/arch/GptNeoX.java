package dev.cram.lm.arch;

import dev.cram.lm.files.AttentionSizes;
import dev.cram.lm.files.HiddenActivation;
import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.RopeParameters;
import dev.cram.lm.files.Weights;
import dev.cram.lm.layer.AttentionShape;
import dev.cram.lm.layer.Layer;
import dev.cram.lm.layer.Mlp;
import dev.cram.lm.layer.Parallel;
import dev.cram.lm.layer.Residual;
import dev.cram.lm.layer.Rotary;
import dev.cram.lm.layer.SelfAttention;
import dev.cram.lm.layer.Sequential;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.Activation;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * GPT-NeoX and Pythia (Black et al. 2022; transformers {@code GPTNeoXForCausalLM}): attention and
 * MLP read the same rows, each through a norm of its own, {@code x += attention(norm(x)) +
 * mlp(norm(x))}; without {@code use_parallel_residual} one after the other. Only the first part of
 * each head is turned.
 */
final class GptNeoX implements Architecture {
  @Override
  public Network build(
      ModelConfig config, Weights weights, Arena arena, Precision precision, Workers workers) {
    AttentionSizes sizes =
        AttentionSizes.ofEqualShares(config, "hidden_size", "num_attention_heads");
    int hiddenSize = sizes.hiddenSize();
    int heads = sizes.heads();
    int headDim = sizes.headDim();
    int intermediateSize = config.requiredInt("intermediate_size");
    int vocabularySize = config.requiredInt("vocab_size");
    float layerNormEps = (float) config.optionalDouble("layer_norm_eps", 1e-5);
    boolean attentionBias = config.bool("attention_bias", true);
    boolean parallel = config.bool("use_parallel_residual", true);
    Activation activation = HiddenActivation.of(config, "hidden_act", "gelu");
    AttentionShape shape = new AttentionShape(heads, heads, headDim);
    Rotary rotary = new Rotary(inverseFrequencies(config, headDim));

    Parts parts = new Parts(weights, arena, precision, workers);
    String model = parts.prefix("gpt_neox.", "embed_in.weight");
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < config.requiredInt("num_hidden_layers"); i++) {
      String block = model + "layers." + i + ".";
      Layer attention =
          new Sequential(
              parts.layerNorm(block + "input_layernorm", hiddenSize, layerNormEps),
              new SelfAttention(
                  parts.interleavedQkv(
                      block + "attention.query_key_value", heads, headDim, attentionBias),
                  parts.linear(block + "attention.dense", hiddenSize, hiddenSize, attentionBias),
                  shape,
                  rotary));
      Layer mlp =
          new Sequential(
              parts.layerNorm(block + "post_attention_layernorm", hiddenSize, layerNormEps),
              new Mlp(
                  parts.linear(block + "mlp.dense_h_to_4h", intermediateSize, hiddenSize, true),
                  activation,
                  parts.linear(block + "mlp.dense_4h_to_h", hiddenSize, intermediateSize, true)));
      if (parallel) {
        layers.add(new Residual(new Parallel(attention, mlp)));
      } else {
        layers.add(new Residual(attention));
        layers.add(new Residual(mlp));
      }
    }
    layers.add(parts.layerNorm(model + "final_layer_norm", hiddenSize, layerNormEps));

    String embeddings = model + "embed_in";
    boolean tied = config.bool("tie_word_embeddings", false);
    return new Network(
        parts.embeddings(embeddings + ".weight", vocabularySize, hiddenSize),
        new Sequential(layers),
        parts.linear(tied ? embeddings : "embed_out", vocabularySize, hiddenSize, false),
        config.requiredInt("max_position_embeddings"));
  }

  private static double[] inverseFrequencies(ModelConfig config, int headDim) {
    int rotaryDim = RopeParameters.rotaryDim(config, headDim, 0.25);
    return RopeParameters.of(config).inverseFrequencies(rotaryDim);
  }
}
