package dev.cram.lm;

import dev.cram.lm.arch.Architecture;
import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.ModelFiles;
import dev.cram.lm.files.ModelLocation;
import dev.cram.lm.files.StoredWeight;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * What can be said of a model without reading its weights. A number is 0 where it is not known.
 *
 * @param name the model's id
 * @param path its folder or GGUF file; none if it ships with the library
 * @param architecture its {@code model_type}, empty if it is not known
 * @param parameters the number of elements of its weights
 * @param embeddingSize the width of an input row
 * @param layers the number of its blocks
 * @param vocabularySize the number of its tokens
 * @param maxPositions the longest sequence; none if any length is possible or it is not known
 * @param dtype the type of most of its weights, as the file has them
 * @param weightBytes what its weights take in the file
 * @param problem why it cannot be opened, if it cannot
 */
public record ModelSummary(
    String name,
    Optional<Path> path,
    String architecture,
    long parameters,
    int embeddingSize,
    int layers,
    int vocabularySize,
    OptionalInt maxPositions,
    String dtype,
    long weightBytes,
    Optional<String> problem) {

  /** The model that ships with the library. */
  public static ModelSummary embedded() {
    try (ModelFiles files = ModelFiles.open(ModelFiles.EMBEDDED)) {
      return of(files, Optional.empty());
    }
  }

  /** The model in a folder or a GGUF file, whatever state it is in. */
  public static ModelSummary of(ModelLocation location) {
    try (ModelFiles files = ModelFiles.open(location)) {
      return of(files, Optional.of(location.path()));
    } catch (InputException e) {
      return unusable(location, e.getMessage());
    }
  }

  private static ModelSummary of(ModelFiles files, Optional<Path> path) {
    long parameters = 0;
    long bytes = 0;
    Map<String, Long> bytesOfType = new TreeMap<>();
    for (StoredWeight.Tensor tensor : files.weights().tensors()) {
      bytes += tensor.data().byteSize();
      bytesOfType.merge(tensor.type(), tensor.data().byteSize(), Long::sum);
      if (isParameter(tensor, files.config())) {
        parameters += Arrays.stream(tensor.shape()).reduce(1, (a, b) -> a * b);
      }
    }
    String dtype =
        bytesOfType.entrySet().stream()
            .max(Map.Entry.comparingByValue())
            .map(Map.Entry::getKey)
            .orElse("");
    return of(
        files.name(), path, files.config(), parameters, dtype, bytes, problem(files.config()));
  }

  /** As much as the configuration says. */
  private static ModelSummary unusable(ModelLocation location, String problem) {
    Optional<Path> path = Optional.of(location.path());
    try {
      Path config = location.path().resolve("config.json");
      if (Files.isRegularFile(config)) {
        ModelConfig read = ModelConfig.read(config);
        // That the architecture is not supported matters more than what is missing of it.
        String first = problem(read).orElse(problem);
        return of(location.name(), path, read, 0, "", 0, Optional.of(first));
      }
    } catch (InputException e) {
      // A config that is no config: the problem says enough.
    }
    return new ModelSummary(
        location.name(), path, "", 0, 0, 0, 0, OptionalInt.empty(), "", 0, Optional.of(problem));
  }

  private static ModelSummary of(
      String name,
      Optional<Path> path,
      ModelConfig config,
      long parameters,
      String dtype,
      long bytes,
      Optional<String> problem) {
    // Models that see pictures too keep what concerns text in an object of its own.
    ModelConfig text = config.object("text_config").orElse(config);
    int maxPositions = size(text, "max_position_embeddings", "n_positions", "n_ctx");
    return new ModelSummary(
        name,
        path,
        config.string("model_type", ""),
        parameters,
        size(text, "word_embed_proj_dim", "hidden_size", "n_embd", "d_model"),
        size(text, "num_hidden_layers", "n_layer"),
        size(text, "vocab_size"),
        maxPositions == 0 ? OptionalInt.empty() : OptionalInt.of(maxPositions),
        dtype,
        bytes,
        problem);
  }

  /** The value of the first of these keys that is there. */
  private static int size(ModelConfig config, String... keys) {
    return List.of(keys).stream()
        .filter(config::has)
        .findFirst()
        .map(key -> config.optionalInt(key, 0))
        .orElse(0);
  }

  private static Optional<String> problem(ModelConfig config) {
    try {
      Architecture.of(config);
      return Optional.empty();
    } catch (InputException e) {
      return Optional.of(e.getMessage());
    }
  }

  // Older files also hold constants: attention masks of shape [1, 1, n, n] and rotary frequencies,
  // and some hold the output head again although it is the embeddings.
  private static boolean isParameter(StoredWeight.Tensor tensor, ModelConfig config) {
    String name = tensor.name();
    boolean mask = name.endsWith("attn.bias") || name.endsWith("attention.bias");
    return !(mask && tensor.shape().length == 4
        || name.endsWith("masked_bias")
        || name.endsWith("inv_freq")
        || name.equals("lm_head.weight") && config.bool("tie_word_embeddings", false));
  }
}
