package dev.cram.bench;

import dev.cram.lm.files.DType;
import dev.cram.lm.files.SafetensorsWriter;
import dev.cram.lm.files.TensorView;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;

/**
 * A model with random weights whose speed is measured; what the weights say does not matter to it.
 *
 * @param id the name of the model that has this shape
 * @param heads of the attention; null if there is none
 */
record Shape(String id, String config, List<Weight> weights, Heads heads) {
  /** All shapes that can be measured. */
  static final List<Shape> ALL =
      List.of(
          llama("llama-3.2-1b", 2048, 16, 32, 8, 64, 8192, 128_256, 500_000, 131_072),
          llama("smollm2-135m", 576, 30, 9, 3, 64, 1536, 49152, 100_000, 8192),
          llama("cram-tiny", 300, 13, 4, 2, 64, 488, 4096, 10_000, 2048),
          mamba("mamba-130m", 768, 24, 50280),
          mamba("mamba-1.4b", 2048, 48, 50280),
          pythia("pythia-160m", 768, 12, 12),
          pythia("pythia-410m", 1024, 24, 16),
          pythia("pythia-1.4b", 2048, 24, 16));

  /** The attention of all layers. */
  record Heads(int layers, int heads, int headDim) {}

  /**
   * One weight.
   *
   * @param value of an element, from a number that is uniform between 0 and 1
   */
  record Weight(String name, DoubleUnaryOperator value, long... shape) {
    private static Weight random(String name, long... shape) {
      return new Weight(name + ".weight", uniform -> (uniform - 0.5) / 8, shape);
    }

    private static Weight ones(String name, long size) {
      return new Weight(name, uniform -> 1, size);
    }

    private static Weight zeros(String name, long size) {
      return new Weight(name, uniform -> 0, size);
    }

    private TensorView view(Arena arena, SplittableRandom random) {
      long elements = 1;
      for (long size : shape) {
        elements *= size;
      }
      MemorySegment data = arena.allocate(2 * elements, 64);
      for (long at = 0; at < data.byteSize(); at += 2) {
        float element = (float) value.applyAsDouble(random.nextDouble());
        data.set(ValueLayout.JAVA_SHORT, at, (short) (Float.floatToRawIntBits(element) >>> 16));
      }
      return new TensorView(name, DType.BF16, shape, data);
    }
  }

  /**
   * A linear layer.
   *
   * @param head whether it computes logits, which the last token's row does without
   */
  record Product(int inputs, int outputs, boolean head) {
    /** The rows of a step: logits are needed for the tokens after the given first one alone. */
    int rows(Options.Case of) {
      return head ? of.n() - 1 : of.rows();
    }
  }

  /** The linear layers of a step; those that read the same input count as one. */
  List<Product> products() {
    List<Product> products = new ArrayList<>();
    Weight head = weights.getFirst();
    for (Weight weight : weights.subList(1, weights.size())) {
      if (!weight.name.endsWith(".weight") || weight.shape.length != 2) {
        continue;
      }
      int outputs = (int) weight.shape[0];
      int inputs = (int) weight.shape[1];
      if (weight.name.matches(".*(embed_out|lm_head).*")) {
        head = weight;
      } else if (weight.name.matches(".*(k_proj|v_proj|up_proj).*")) {
        outputs += products.removeLast().outputs;
        products.add(new Product(inputs, outputs, false));
      } else {
        products.add(new Product(inputs, outputs, false));
      }
    }
    products.add(new Product((int) head.shape[1], (int) head.shape[0], true));
    return products;
  }

  static Shape named(String id) {
    return ALL.stream()
        .filter(shape -> shape.id.equals(id))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no shape " + id));
  }

  /** Writes a model directory with random weights, unless an earlier run wrote the same shape. */
  Path directory(Path folder) throws IOException {
    Path directory = folder.resolve(id);
    Path file = directory.resolve("model.safetensors");
    Path described = directory.resolve("config.json");
    if (Files.exists(file) && Files.readString(described).equals(config)) {
      return directory;
    }
    Files.createDirectories(directory);
    Files.deleteIfExists(file);
    Files.writeString(described, config);
    try (InputStream tokenizer =
        Shape.class.getResourceAsStream("/dev/cram/lm/models/cram-tiny/tokenizer.json")) {
      Files.copy(
          tokenizer, directory.resolve("tokenizer.json"), StandardCopyOption.REPLACE_EXISTING);
    }
    Path unfinished = directory.resolve("unfinished");
    try (Arena arena = Arena.ofShared();
        OutputStream out = new BufferedOutputStream(Files.newOutputStream(unfinished))) {
      SplittableRandom random = new SplittableRandom(0);
      List<TensorView> tensors =
          weights.stream().map(weight -> weight.view(arena, random)).toList();
      SafetensorsWriter.write(out, tensors, java.util.Map.of());
    }
    Files.move(unfinished, file);
    return directory;
  }

  private static Shape llama(
      String id,
      int hiddenSize,
      int layers,
      int heads,
      int kvHeads,
      int headDim,
      int intermediateSize,
      int vocabularySize,
      int ropeTheta,
      int maxPositions) {
    String config =
        """
        {"model_type": "llama", "hidden_size": %d, "num_hidden_layers": %d,
         "num_attention_heads": %d, "num_key_value_heads": %d, "head_dim": %d,
         "intermediate_size": %d, "vocab_size": %d, "rope_theta": %d,
         "max_position_embeddings": %d, "rms_norm_eps": 1e-5, "hidden_act": "silu",
         "tie_word_embeddings": true}
        """
            .formatted(
                hiddenSize,
                layers,
                heads,
                kvHeads,
                headDim,
                intermediateSize,
                vocabularySize,
                ropeTheta,
                maxPositions);
    List<Weight> weights = new ArrayList<>();
    weights.add(Weight.random("model.embed_tokens", vocabularySize, hiddenSize));
    for (int layer = 0; layer < layers; layer++) {
      String block = "model.layers." + layer + ".";
      weights.add(Weight.ones(block + "input_layernorm.weight", hiddenSize));
      weights.add(Weight.ones(block + "post_attention_layernorm.weight", hiddenSize));
      String attention = block + "self_attn.";
      weights.add(Weight.random(attention + "q_proj", heads * headDim, hiddenSize));
      weights.add(Weight.random(attention + "k_proj", kvHeads * headDim, hiddenSize));
      weights.add(Weight.random(attention + "v_proj", kvHeads * headDim, hiddenSize));
      weights.add(Weight.random(attention + "o_proj", hiddenSize, heads * headDim));
      String mlp = block + "mlp.";
      weights.add(Weight.random(mlp + "gate_proj", intermediateSize, hiddenSize));
      weights.add(Weight.random(mlp + "up_proj", intermediateSize, hiddenSize));
      weights.add(Weight.random(mlp + "down_proj", hiddenSize, intermediateSize));
    }
    weights.add(Weight.ones("model.norm.weight", hiddenSize));
    return new Shape(id, config, weights, new Heads(layers, heads, headDim));
  }

  private static Shape mamba(String id, int hiddenSize, int layers, int vocabularySize) {
    int innerSize = 2 * hiddenSize;
    int stateSize = 16;
    int kernel = 4;
    int timeStepRank = hiddenSize / 16;
    String config =
        """
        {"model_type": "mamba", "hidden_size": %d, "num_hidden_layers": %d, "state_size": %d,
         "conv_kernel": %d, "expand": 2, "time_step_rank": %d, "vocab_size": %d}
        """
            .formatted(hiddenSize, layers, stateSize, kernel, timeStepRank, vocabularySize);
    List<Weight> weights = new ArrayList<>();
    weights.add(Weight.random("backbone.embeddings", vocabularySize, hiddenSize));
    for (int layer = 0; layer < layers; layer++) {
      String block = "backbone.layers." + layer + ".";
      weights.add(Weight.ones(block + "norm.weight", hiddenSize));
      String mixer = block + "mixer.";
      weights.add(Weight.random(mixer + "in_proj", 2 * innerSize, hiddenSize));
      weights.add(Weight.random(mixer + "conv1d", innerSize, 1, kernel));
      weights.add(Weight.zeros(mixer + "conv1d.bias", innerSize));
      weights.add(Weight.random(mixer + "x_proj", timeStepRank + 2 * stateSize, innerSize));
      weights.add(Weight.random(mixer + "dt_proj", innerSize, timeStepRank));
      // As initialised: time steps from 0.001 to 0.1, A from -16 to -1.
      weights.add(
          new Weight(
              mixer + "dt_proj.bias",
              uniform -> Math.log(Math.expm1(Math.pow(10, -3 + 2 * uniform))),
              innerSize));
      weights.add(
          new Weight(
              mixer + "A_log", uniform -> uniform * Math.log(stateSize), innerSize, stateSize));
      weights.add(Weight.ones(mixer + "D", innerSize));
      weights.add(Weight.random(mixer + "out_proj", hiddenSize, innerSize));
    }
    weights.add(Weight.ones("backbone.norm_f.weight", hiddenSize));
    return new Shape(id, config, weights, null);
  }

  private static Shape pythia(String id, int hiddenSize, int layers, int heads) {
    int vocabularySize = 50304;
    int intermediateSize = 4 * hiddenSize;
    String config =
        """
        {"model_type": "gpt_neox", "hidden_size": %d, "num_hidden_layers": %d,
         "num_attention_heads": %d, "intermediate_size": %d, "vocab_size": %d,
         "max_position_embeddings": 2048, "rotary_pct": 0.25, "rotary_emb_base": 10000}
        """
            .formatted(hiddenSize, layers, heads, intermediateSize, vocabularySize);
    List<Weight> weights = new ArrayList<>();
    weights.add(Weight.random("gpt_neox.embed_in", vocabularySize, hiddenSize));
    for (int layer = 0; layer < layers; layer++) {
      String block = "gpt_neox.layers." + layer + ".";
      for (String norm : List.of("input_layernorm", "post_attention_layernorm")) {
        weights.add(Weight.ones(block + norm + ".weight", hiddenSize));
        weights.add(Weight.zeros(block + norm + ".bias", hiddenSize));
      }
      addLinear(weights, block + "attention.query_key_value", 3 * hiddenSize, hiddenSize);
      addLinear(weights, block + "attention.dense", hiddenSize, hiddenSize);
      addLinear(weights, block + "mlp.dense_h_to_4h", intermediateSize, hiddenSize);
      addLinear(weights, block + "mlp.dense_4h_to_h", hiddenSize, intermediateSize);
    }
    weights.add(Weight.ones("gpt_neox.final_layer_norm.weight", hiddenSize));
    weights.add(Weight.zeros("gpt_neox.final_layer_norm.bias", hiddenSize));
    weights.add(Weight.random("embed_out", vocabularySize, hiddenSize));
    return new Shape(id, config, weights, new Heads(layers, heads, hiddenSize / heads));
  }

  private static void addLinear(List<Weight> weights, String name, int outputs, int inputs) {
    weights.add(Weight.random(name, outputs, inputs));
    weights.add(Weight.zeros(name + ".bias", outputs));
  }
}
