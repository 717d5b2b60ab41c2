package dev.cram.lm.arch;

import dev.cram.lm.InputException;
import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.Weights;
import dev.cram.lm.layer.Layer;
import dev.cram.lm.layer.MambaMixer;
import dev.cram.lm.layer.Norm;
import dev.cram.lm.layer.Residual;
import dev.cram.lm.layer.Sequential;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.CausalConvolution;
import dev.cram.tensor.op.SelectiveScan;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Mamba (Gu and Dao 2023; transformers {@code MambaForCausalLM}): per block, {@code x +=
 * mixer(norm(x))}. It has no positions, so nothing bounds the length of a sequence.
 */
final class Mamba implements Architecture {
  @Override
  public Network build(
      ModelConfig config, Weights weights, Arena arena, Precision precision, Workers workers) {
    int hiddenSize = config.requiredInt("hidden_size");
    int innerSize = innerSize(config, hiddenSize);
    int stateSize = config.has("state_size") ? config.requiredInt("state_size") : 16;
    int kernel = config.has("conv_kernel") ? config.requiredInt("conv_kernel") : 4;
    int timeStepRank = timeStepRank(config, hiddenSize);
    int vocabularySize = config.requiredInt("vocab_size");
    float epsilon = (float) config.optionalDouble("layer_norm_epsilon", 1e-5);
    boolean bias = config.bool("use_bias", false);
    boolean convolutionBias = config.bool("use_conv_bias", true);
    if (config.has("hidden_act") && !config.is("hidden_act", "silu")) {
      throw config.wrong("hidden_act", "\"silu\"");
    }

    Parts parts = new Parts(weights, arena, precision, workers);
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < config.requiredInt("num_hidden_layers"); i++) {
      String block = "backbone.layers." + i + ".";
      String mixer = block + "mixer.";
      float[] a = parts.values(mixer + "A_log", innerSize, stateSize);
      for (int j = 0; j < a.length; j++) {
        a[j] = (float) -Math.exp(a[j]);
      }
      layers.add(
          new Residual(
              new Sequential(
                  Norm.rms(parts.vector(block + "norm.weight", hiddenSize), epsilon),
                  new MambaMixer(
                      parts.linear(mixer + "in_proj", 2 * innerSize, hiddenSize, bias),
                      new CausalConvolution(
                          parts.values(mixer + "conv1d.weight", innerSize, 1, kernel),
                          convolutionBias
                              ? parts.values(mixer + "conv1d.bias", innerSize)
                              : new float[innerSize]),
                      parts.linear(
                          mixer + "x_proj", timeStepRank + 2 * stateSize, innerSize, false),
                      parts.linear(mixer + "dt_proj", innerSize, timeStepRank, true),
                      new SelectiveScan(a, parts.values(mixer + "D", innerSize)),
                      parts.linear(mixer + "out_proj", hiddenSize, innerSize, bias)))));
    }
    layers.add(Norm.rms(parts.vector("backbone.norm_f.weight", hiddenSize), epsilon));

    // The first conversions of the published checkpoints call it "embedding".
    String embeddings =
        weights.contains("backbone.embedding.weight")
            ? "backbone.embedding"
            : "backbone.embeddings";
    boolean tied = config.bool("tie_word_embeddings", true);
    return new Network(
        parts.embeddings(embeddings + ".weight", vocabularySize, hiddenSize),
        new Sequential(layers),
        parts.linear(tied ? embeddings : "lm_head", vocabularySize, hiddenSize, false),
        Integer.MAX_VALUE);
  }

  private static int innerSize(ModelConfig config, int hiddenSize) {
    int expand = config.has("expand") ? config.requiredInt("expand") : 2;
    if (expand > Integer.MAX_VALUE / 2 / hiddenSize) {
      throw config.wrong("expand", "about 2");
    }
    int innerSize = expand * hiddenSize;
    if (config.has("intermediate_size") && config.requiredInt("intermediate_size") != innerSize) {
      throw new InputException(
          config.file()
              + ": intermediate_size ("
              + config.requiredInt("intermediate_size")
              + ") is not expand * hidden_size ("
              + expand
              + " * "
              + hiddenSize
              + "); use the config.json that belongs to the weights");
    }
    return innerSize;
  }

  private static int timeStepRank(ModelConfig config, int hiddenSize) {
    boolean auto = !config.has("time_step_rank") || config.is("time_step_rank", "auto");
    return auto ? Math.ceilDiv(hiddenSize, 16) : config.requiredInt("time_step_rank");
  }
}
