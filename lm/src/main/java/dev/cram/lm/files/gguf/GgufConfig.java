package dev.cram.lm.files.gguf;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.cram.lm.InputException;
import dev.cram.lm.files.ModelConfig;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** The metadata of a GGUF file as the {@code config.json} that Hugging Face has for the model. */
final class GgufConfig {
  /** Llama 3's divisors of the rotary frequencies, {@code [headDim / 2]}; no weight of a layer. */
  static final String ROPE_FACTORS = "rope_freqs.weight";

  private static final String EMBEDDINGS = "token_embd.weight";

  /**
   * Gemma 3's largest model alone scales attention by {@code hiddenSize / heads} instead of {@code
   * headDim}; GGUF files do not say so, readers know it by its number of layers.
   */
  private static final int LAYERS_OF_LARGEST_GEMMA3 = 62;

  private final GgufFile file;
  private final GgufFamily family;
  private final GgufMetadata metadata;
  private final JsonObject config = new JsonObject();

  private GgufConfig(GgufFile file, GgufFamily family) {
    this.file = file;
    this.family = family;
    this.metadata = file.metadata();
  }

  /**
   * @throws InputException if a key is missing, contradicts another, or says something that no
   *     architecture here can do
   */
  static ModelConfig of(GgufFile file, GgufFamily family) {
    GgufConfig config = new GgufConfig(file, family);
    config.checkWhole();
    config.config.addProperty("model_type", family.modelType());
    config.config.addProperty("vocab_size", config.vocabularySize());
    config.config.addProperty("tie_word_embeddings", !file.tensors().containsKey("output.weight"));
    if (family == GgufFamily.GPT2) {
      config.gpt2();
    } else {
      config.llama();
    }
    byte[] json = config.config.toString().getBytes(StandardCharsets.UTF_8);
    return ModelConfig.of(file.name(), json);
  }

  private void checkWhole() {
    if (metadata.optionalInt("split.count", 1) > 1) {
      throw new InputException(
          file.name()
              + ": is one of "
              + metadata.requiredInt("split.count")
              + " parts; join them with llama-gguf-split --merge");
    }
    if (metadata.optionalInt(key("expert_count"), 0) > 0) {
      throw metadata.wrong(key("expert_count"), "none: mixtures of experts are not supported");
    }
  }

  /** The rows of the token embeddings, which must be as many as the tokens. */
  private long vocabularySize() {
    GgufTensor embeddings = file.tensors().get(EMBEDDINGS);
    if (embeddings == null || embeddings.shape().length != 2) {
      throw new InputException(
          file.name()
              + ": has no matrix "
              + EMBEDDINGS
              + "; use a GGUF file with a whole language model");
    }
    int tokens = metadata.count(GgufTokenizer.TOKENS);
    if (tokens > embeddings.rows()) {
      throw new InputException(
          file.name()
              + ": "
              + GgufTokenizer.TOKENS
              + " has "
              + tokens
              + " tokens, but "
              + EMBEDDINGS
              + " only "
              + embeddings.rows()
              + " rows; the file is damaged: download it again");
    }
    return embeddings.rows();
  }

  private void gpt2() {
    int hiddenSize = metadata.requiredInt(key("embedding_length"));
    config.addProperty("n_positions", metadata.requiredInt(key("context_length")));
    config.addProperty("n_embd", hiddenSize);
    config.addProperty("n_layer", metadata.requiredInt(key("block_count")));
    config.addProperty("n_head", heads(hiddenSize));
    config.addProperty("n_inner", metadata.requiredUniformInt(key("feed_forward_length")));
    config.addProperty(
        "layer_norm_epsilon", metadata.requiredDouble(key("attention.layer_norm_epsilon")));
    config.addProperty("activation_function", "gelu_new");
  }

  /** The keys that Llama, Qwen and Gemma have in common, and what each has besides. */
  private void llama() {
    int hiddenSize = metadata.requiredInt(key("embedding_length"));
    int layers = metadata.requiredInt(key("block_count"));
    int heads = heads(hiddenSize);
    int headDim = headDim(hiddenSize, heads);
    config.addProperty("max_position_embeddings", metadata.requiredInt(key("context_length")));
    config.addProperty("hidden_size", hiddenSize);
    config.addProperty("num_hidden_layers", layers);
    config.addProperty("num_attention_heads", heads);
    config.addProperty("num_key_value_heads", keyValueHeads(heads));
    config.addProperty("head_dim", headDim);
    config.addProperty(
        "intermediate_size", metadata.requiredUniformInt(key("feed_forward_length")));
    config.addProperty(
        "rms_norm_eps", metadata.requiredDouble(key("attention.layer_norm_rms_epsilon")));
    if (family == GgufFamily.GEMMA3) {
      gemma3(layers, hiddenSize, heads, headDim);
      return;
    }
    config.addProperty("hidden_act", "silu");
    config.addProperty("attention_bias", file.tensors().containsKey("blk.0.attn_q.bias"));
    config.addProperty("mlp_bias", file.tensors().containsKey("blk.0.ffn_up.bias"));
    config.add("rope_parameters", rope(headDim, 10_000));
  }

  private void gemma3(int layers, int hiddenSize, int heads, int headDim) {
    config.addProperty("hidden_activation", "gelu_pytorch_tanh");
    config.addProperty(
        "query_pre_attn_scalar",
        layers == LAYERS_OF_LARGEST_GEMMA3 ? (double) hiddenSize / heads : headDim);
    config.addProperty("sliding_window", metadata.requiredInt(key("attention.sliding_window")));
    slidingLayers();
    JsonObject local = new JsonObject();
    local.addProperty("rope_type", "default");
    local.addProperty("rope_theta", metadata.optionalDouble(key("rope.freq_base_swa"), 10_000));
    JsonObject rope = new JsonObject();
    rope.add("full_attention", rope(headDim, 1_000_000));
    rope.add("sliding_attention", local);
    config.add("rope_parameters", rope);
  }

  /** Every so many layers one sees all rows; some files say of each layer whether it does. */
  private void slidingLayers() {
    String key = key("attention.sliding_window_pattern");
    if (!metadata.isArray(key)) {
      config.addProperty("sliding_window_pattern", metadata.optionalInt(key, 6));
      return;
    }
    JsonArray types = new JsonArray();
    for (boolean sliding : metadata.bools(key)) {
      types.add(sliding ? "sliding_attention" : "full_attention");
    }
    config.add("layer_types", types);
  }

  private int heads(int hiddenSize) {
    int heads = metadata.requiredUniformInt(key("attention.head_count"));
    if (!metadata.has(key("attention.key_length")) && hiddenSize % heads != 0) {
      throw contradiction("embedding_length", hiddenSize, "attention.head_count", heads);
    }
    return heads;
  }

  private int keyValueHeads(int heads) {
    String key = key("attention.head_count_kv");
    int keyValueHeads = metadata.has(key) ? metadata.requiredUniformInt(key) : heads;
    if (heads % keyValueHeads != 0) {
      throw contradiction("attention.head_count", heads, "attention.head_count_kv", keyValueHeads);
    }
    return keyValueHeads;
  }

  private int headDim(int hiddenSize, int heads) {
    String key = key("attention.key_length");
    int headDim = metadata.has(key) ? metadata.requiredInt(key) : hiddenSize / heads;
    for (String equal : new String[] {"attention.value_length", "rope.dimension_count"}) {
      if (metadata.optionalInt(key(equal), headDim) != headDim) {
        throw metadata.wrong(key(equal), headDim + ", the width of a head; use another model");
      }
    }
    return headDim;
  }

  private InputException contradiction(String key, int value, String divisor, int by) {
    return new InputException(
        file.name()
            + ": "
            + key(key)
            + " ("
            + value
            + ") is not a multiple of "
            + key(divisor)
            + " ("
            + by
            + "); the file is damaged: download it again");
  }

  /** Hugging Face's object for one set of rotary frequencies. */
  private JsonObject rope(int headDim, double missingTheta) {
    JsonObject rope = new JsonObject();
    rope.addProperty("rope_theta", metadata.optionalDouble(key("rope.freq_base"), missingTheta));
    GgufTensor factors = file.tensors().get(ROPE_FACTORS);
    if (factors != null) {
      rope.addProperty("rope_type", "divided");
      rope.add("divisors", ropeFactors(factors, headDim / 2));
      return rope;
    }
    String scaling = metadata.string(key("rope.scaling.type"), "none");
    double factor = metadata.optionalDouble(key("rope.scaling.factor"), 1);
    rope.addProperty("rope_type", scaling.equals("none") ? "default" : scaling);
    rope.addProperty("factor", factor);
    return rope;
  }

  private JsonArray ropeFactors(GgufTensor tensor, int count) {
    if (tensor.shape().length != 1 || tensor.cols() != count || tensor.type() != GgufType.F32) {
      throw new InputException(
          file.name() + ": " + ROPE_FACTORS + " is not F32 [" + count + "]; convert it again");
    }
    float[] factors = new float[count];
    GgufWeight weight = new GgufWeight(file.name(), tensor, GgufWeight.Change.NONE, 1);
    weight.decode(MemorySegment.ofArray(factors), null);
    JsonArray array = new JsonArray();
    for (float factor : factors) {
      if (!(factor > 0 && Float.isFinite(factor))) {
        throw new InputException(
            file.name() + ": " + ROPE_FACTORS + " holds " + factor + ", expected positive numbers");
      }
      array.add(factor);
    }
    return array;
  }

  private String key(String suffix) {
    return family.architecture() + "." + suffix;
  }
}
