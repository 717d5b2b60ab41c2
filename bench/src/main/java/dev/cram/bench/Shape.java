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
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Llama-shaped models whose speed is measured; what the weights say does not matter to it. */
enum Shape {
  SMOLLM2_135M("smollm2-135m", 576, 30, 9, 3, 1536, 49152, 100_000, 8192),
  CRAM_TINY("cram-tiny", 256, 8, 4, 2, 704, 4096, 10_000, 2048);

  final String id;
  final int vocabularySize;
  private final int hiddenSize;
  private final int layers;
  private final int heads;
  private final int kvHeads;
  private final int intermediateSize;
  private final int ropeTheta;
  private final int maxPositions;

  Shape(
      String id,
      int hiddenSize,
      int layers,
      int heads,
      int kvHeads,
      int intermediateSize,
      int vocabularySize,
      int ropeTheta,
      int maxPositions) {
    this.id = id;
    this.hiddenSize = hiddenSize;
    this.layers = layers;
    this.heads = heads;
    this.kvHeads = kvHeads;
    this.intermediateSize = intermediateSize;
    this.vocabularySize = vocabularySize;
    this.ropeTheta = ropeTheta;
    this.maxPositions = maxPositions;
  }

  static Shape named(String id) {
    return Arrays.stream(values())
        .filter(shape -> shape.id.equals(id))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no shape " + id));
  }

  /** Writes a model directory with random weights, unless an earlier run did. */
  Path directory(Path folder) throws IOException {
    Path directory = folder.resolve(id);
    Path weights = directory.resolve("model.safetensors");
    if (Files.exists(weights)) {
      return directory;
    }
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("config.json"), config());
    try (InputStream tokenizer =
        Shape.class.getResourceAsStream("/dev/cram/lm/models/cram-tiny/tokenizer.json")) {
      Files.copy(
          tokenizer, directory.resolve("tokenizer.json"), StandardCopyOption.REPLACE_EXISTING);
    }
    Path unfinished = directory.resolve("unfinished");
    try (Arena arena = Arena.ofShared();
        OutputStream out = new BufferedOutputStream(Files.newOutputStream(unfinished))) {
      SafetensorsWriter.write(out, tensors(arena), java.util.Map.of());
    }
    Files.move(unfinished, weights);
    return directory;
  }

  private String config() {
    return """
    {"model_type": "llama", "hidden_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
     "num_key_value_heads": %d, "intermediate_size": %d, "vocab_size": %d, "rope_theta": %d,
     "max_position_embeddings": %d, "rms_norm_eps": 1e-5, "hidden_act": "silu",
     "tie_word_embeddings": true}
    """
        .formatted(
            hiddenSize,
            layers,
            heads,
            kvHeads,
            intermediateSize,
            vocabularySize,
            ropeTheta,
            maxPositions);
  }

  private List<TensorView> tensors(Arena arena) {
    List<TensorView> tensors = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(0);
    int headDim = hiddenSize / heads;
    tensors.add(matrix(arena, random, "model.embed_tokens", vocabularySize, hiddenSize));
    for (int layer = 0; layer < layers; layer++) {
      String block = "model.layers." + layer + ".";
      tensors.add(norm(arena, block + "input_layernorm"));
      tensors.add(norm(arena, block + "post_attention_layernorm"));
      String attention = block + "self_attn.";
      tensors.add(matrix(arena, random, attention + "q_proj", heads * headDim, hiddenSize));
      tensors.add(matrix(arena, random, attention + "k_proj", kvHeads * headDim, hiddenSize));
      tensors.add(matrix(arena, random, attention + "v_proj", kvHeads * headDim, hiddenSize));
      tensors.add(matrix(arena, random, attention + "o_proj", hiddenSize, heads * headDim));
      String mlp = block + "mlp.";
      tensors.add(matrix(arena, random, mlp + "gate_proj", intermediateSize, hiddenSize));
      tensors.add(matrix(arena, random, mlp + "up_proj", intermediateSize, hiddenSize));
      tensors.add(matrix(arena, random, mlp + "down_proj", hiddenSize, intermediateSize));
    }
    tensors.add(norm(arena, "model.norm"));
    return tensors;
  }

  private TensorView matrix(Arena arena, SplittableRandom random, String name, int rows, int cols) {
    MemorySegment data = arena.allocate(2L * rows * cols, 64);
    for (long at = 0; at < data.byteSize(); at += 2) {
      float value = (float) (random.nextDouble() - 0.5) / 8;
      data.set(ValueLayout.JAVA_SHORT, at, (short) (Float.floatToRawIntBits(value) >>> 16));
    }
    return new TensorView(name + ".weight", DType.BF16, new long[] {rows, cols}, data);
  }

  private TensorView norm(Arena arena, String name) {
    MemorySegment data = arena.allocate(2L * hiddenSize, 64);
    for (long at = 0; at < data.byteSize(); at += 2) {
      data.set(ValueLayout.JAVA_SHORT, at, (short) 0x3F80);
    }
    return new TensorView(name + ".weight", DType.BF16, new long[] {hiddenSize}, data);
  }
}
