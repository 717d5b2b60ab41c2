package dev.cram.lm.arch;

import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.RopeParameters;
import dev.cram.lm.files.SlidingWindows;
import dev.cram.lm.files.Weights;
import dev.cram.lm.layer.AttentionShape;
import dev.cram.lm.layer.GatedMlp.Gate;
import dev.cram.lm.layer.Layer;
import dev.cram.lm.layer.Norm;
import dev.cram.lm.layer.QueryKeyNorm;
import dev.cram.lm.layer.Residual;
import dev.cram.lm.layer.Rotary;
import dev.cram.lm.layer.Sequential;
import dev.cram.tensor.BFloat16;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.Attention;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The language model of Gemma 3 (Gemma Team 2025; transformers {@code Gemma3ForCausalLM}): norms
 * before and behind attention and MLP, norms of query and key heads, a gate with GELU, and between
 * layers that see all rows several that see a window, with rotary frequencies of their own.
 *
 * <p>Embeddings of tokens are scaled; [mem] vectors are not, since they stand for scaled ones, as
 * {@code inputs_embeds} do in transformers.
 */
final class Gemma3 implements Architecture {
  /** What transformers assumes where a config is silent; those on the hub often are. */
  private static final Map<String, Integer> DEFAULTS =
      Map.of(
          "vocab_size", 262_208,
          "hidden_size", 2304,
          "intermediate_size", 9216,
          "num_hidden_layers", 26,
          "num_attention_heads", 8,
          "num_key_value_heads", 4,
          "head_dim", 256,
          "max_position_embeddings", 131_072,
          "query_pre_attn_scalar", 256,
          "sliding_window", 4096);

  @Override
  public Network build(
      ModelConfig file, Weights weights, Arena arena, Precision precision, Workers workers) {
    // Models that read images too have the language model's config in an object of its own.
    ModelConfig config = file.object("text_config").orElse(file).withDefaults(DEFAULTS);
    refuseUnsupported(config);
    String model = prefix(weights);
    Parts parts = new Parts(weights, arena, precision, workers);
    LlamaParts layers = new LlamaParts(config, parts);
    int hiddenSize = config.requiredInt("hidden_size");
    int headDim = config.requiredInt("head_dim");
    float eps = (float) config.optionalDouble("rms_norm_eps", 1e-6);
    boolean bias = config.bool("attention_bias", false);
    double scalar = config.requiredDouble("query_pre_attn_scalar");
    AttentionShape heads = layers.heads().withScale((float) (1 / Math.sqrt(scalar)));
    Rotary global = new Rotary(RopeParameters.ofFullAttention(config).inverseFrequencies(headDim));
    Rotary local =
        new Rotary(RopeParameters.ofSlidingAttention(config).inverseFrequencies(headDim));
    int[] windows = SlidingWindows.ofPattern(config);

    List<Layer> body = new ArrayList<>();
    for (int i = 0; i < windows.length; i++) {
      String block = model + "layers." + i;
      String attention = block + ".self_attn";
      QueryKeyNorm queryKeyNorm =
          new QueryKeyNorm(
              onePlus(parts.vector(attention + ".q_norm.weight", headDim)),
              onePlus(parts.vector(attention + ".k_norm.weight", headDim)),
              eps);
      Rotary rotary = windows[i] == Attention.NO_WINDOW ? global : local;
      body.add(
          new Residual(
              new Sequential(
                  Norm.rms(norm(parts, block + ".input_layernorm", hiddenSize), eps),
                  layers.attention(
                      attention, heads.withWindow(windows[i]), bias, bias, queryKeyNorm, rotary),
                  Norm.rmsAtEndOfBranch(
                      norm(parts, block + ".post_attention_layernorm", hiddenSize), eps))));
      body.add(
          new Residual(
              new Sequential(
                  Norm.rms(norm(parts, block + ".pre_feedforward_layernorm", hiddenSize), eps),
                  layers.mlp(block + ".mlp", Gate.GEGLU, false),
                  Norm.rmsAtEndOfBranch(
                      norm(parts, block + ".post_feedforward_layernorm", hiddenSize), eps))));
    }
    body.add(Norm.rms(norm(parts, model + "norm", hiddenSize), eps));

    int vocabularySize = config.requiredInt("vocab_size");
    TokenEmbeddings embeddings =
        parts.embeddings(model + "embed_tokens.weight", vocabularySize, hiddenSize);
    String head = config.bool("tie_word_embeddings", true) ? model + "embed_tokens" : "lm_head";
    return new Network(
        new TokenEmbeddings(embeddings.rows(), embeddingScale(hiddenSize, precision)),
        new Sequential(body),
        parts.linear(head, vocabularySize, hiddenSize, false),
        config.requiredInt("max_position_embeddings"));
  }

  private static void refuseUnsupported(ModelConfig config) {
    if (!config.string("hidden_activation", "gelu_pytorch_tanh").equals("gelu_pytorch_tanh")) {
      throw config.wrong("hidden_activation", "\"gelu_pytorch_tanh\"");
    }
    for (String softcapping : new String[] {"attn_logit_softcapping", "final_logit_softcapping"}) {
      if (config.has(softcapping)) {
        throw config.wrong(softcapping, "null, as in all Gemma 3 models; use another model");
      }
    }
    if (config.bool("use_bidirectional_attention", false)) {
      throw config.wrong("use_bidirectional_attention", "false, as causal language models have it");
    }
  }

  /** Alone, or beside the parts for images in the older and the newer spelling. */
  private static String prefix(Weights weights) {
    return Stream.of("language_model.model.", "model.language_model.")
        .filter(prefix -> weights.contains(prefix + "embed_tokens.weight"))
        .findFirst()
        .orElse("model.");
  }

  private static Matrix norm(Parts parts, String name, int size) {
    return onePlus(parts.vector(name + ".weight", size));
  }

  private static Matrix onePlus(Matrix weight) {
    for (int i = 0; i < weight.cols(); i++) {
      weight.set(0, i, 1 + weight.get(0, i));
    }
    return weight;
  }

  /** Transformers rounds the factor to the type in which it runs the model. */
  private static float embeddingScale(int hiddenSize, Precision precision) {
    float scale = (float) Math.sqrt(hiddenSize);
    return precision == Precision.BF16 ? BFloat16.round(scale) : scale;
  }
}
