package dev.cram.lm.hub;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.cram.lm.InputException;
import dev.cram.lm.files.JsonFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The files of a repository that a model is read from, without the same weights in other formats.
 *
 * @param description small files that say what the model is
 * @param weights its weights, as far as {@code description} must not be read first
 */
record NeededFiles(List<String> description, List<String> weights) {
  private static final String CONFIG = "config.json";
  private static final String WEIGHTS = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String TOKENIZER = "tokenizer.json";

  private static final List<String> DESCRIPTION =
      List.of(
          CONFIG,
          "generation_config.json",
          TOKENIZER,
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json");

  /** What a tokenizer consists of where it is not one file. */
  private static final List<String> OLD_TOKENIZER =
      List.of("vocab.json", "merges.txt", "tokenizer.model");

  /**
   * Chooses from the files of a repository.
   *
   * @throws InputException if it holds no model, no weights of a format that is read, or several
   *     GGUF files of which the reference names none
   */
  static NeededFiles of(ModelReference reference, Set<String> files) {
    if (isGguf(reference, files)) {
      return new NeededFiles(List.of(), List.of(GgufChoice.of(reference, files)));
    }
    if (!files.contains(CONFIG)) {
      throw new InputException(
          reference
              + ": holds neither a config.json nor a GGUF file, so it is no language model; its"
              + " files are: "
              + String.join(", ", files.stream().sorted().limit(12).toList()));
    }
    if (!hasSafetensors(files)) {
      throw new InputException(
          reference
              + ": holds no "
              + WEIGHTS
              + "; if someone has proposed one, it is to be had as "
              + reference.repository()
              + "@refs/pr/NUMBER");
    }
    List<String> description = new ArrayList<>(DESCRIPTION);
    if (!files.contains(TOKENIZER)) {
      description.addAll(OLD_TOKENIZER);
    }
    boolean single = files.contains(WEIGHTS);
    if (!single) {
      description.add(INDEX);
    }
    description.retainAll(files);
    return new NeededFiles(description, single ? List.of(WEIGHTS) : List.of());
  }

  /** Whether the referenced model is a GGUF file rather than all files of the repository. */
  static boolean isGguf(ModelReference reference, Set<String> files) {
    return reference.file().isPresent()
        || !hasSafetensors(files) && !GgufChoice.all(files).isEmpty();
  }

  /** Whether there is a configuration, and weights as safetensors that belong to it. */
  static boolean hasSafetensors(Set<String> files) {
    return files.contains(CONFIG) && (files.contains(WEIGHTS) || files.contains(INDEX));
  }

  /**
   * All files with weights.
   *
   * @param snapshot where the description has been downloaded to
   * @throws InputException if the index of the shards is not usable
   */
  List<String> weights(Path snapshot, Set<String> files) {
    if (!weights.isEmpty()) {
      return weights;
    }
    Path index = snapshot.resolve(INDEX);
    Set<String> shards = new TreeSet<>();
    if (JsonFile.read(index).get("weight_map") instanceof JsonObject weightMap) {
      for (JsonElement shard : weightMap.asMap().values()) {
        if (!(shard instanceof JsonPrimitive name)) {
          throw new InputException(
              index + ": weight_map has " + shard + ", expected names of files");
        }
        shards.add(name.getAsString());
      }
    }
    if (shards.isEmpty()) {
      throw new InputException(index + ": names no weights, expected an object weight_map");
    }
    for (String shard : shards) {
      if (!files.contains(shard)) {
        throw new InputException(
            index + ": names '" + shard + "', which the repository does not hold");
      }
    }
    return List.copyOf(shards);
  }
}
