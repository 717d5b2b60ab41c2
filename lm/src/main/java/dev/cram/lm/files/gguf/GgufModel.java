package dev.cram.lm.files.gguf;

import dev.cram.lm.InputException;
import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.StoredWeight;
import dev.cram.lm.files.Weights;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A language model in one GGUF file, as the files that Hugging Face has for it.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">the format</a>
 */
public final class GgufModel {
  private final GgufFile file;
  private final ModelConfig config;
  private final Weights weights;

  private GgufModel(GgufFile file) {
    this.file = file;
    GgufFamily family = GgufFamily.of(file.metadata());
    config = GgufConfig.of(file, family);
    weights = Weights.of(config, file.name(), stored(file, family, config), file::close);
  }

  /**
   * Opens a file.
   *
   * @throws InputException if it cannot be read, breaks the format, or holds a model of a family or
   *     with a quantisation that is not supported
   */
  public static GgufModel open(Path path) {
    return of(GgufFile.open(path));
  }

  static GgufModel of(GgufFile file) {
    try {
      return new GgufModel(file);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** The config with Hugging Face's keys. */
  public ModelConfig config() {
    return config;
  }

  /** The weights by Hugging Face's names; closing them closes the file. */
  public Weights weights() {
    return weights;
  }

  /**
   * The tokenizer as a {@code tokenizer.json}.
   *
   * @throws InputException if the file has none, or one of a kind that is not supported
   */
  public byte[] tokenizerJson() {
    return GgufTokenizer.json(file.metadata());
  }

  private static Map<String, StoredWeight> stored(
      GgufFile file, GgufFamily family, ModelConfig config) {
    Map<String, StoredWeight> stored = LinkedHashMap.newLinkedHashMap(file.tensors().size());
    for (GgufTensor tensor : file.tensors().values()) {
      String name = tensor.name();
      if (!name.equals(GgufConfig.ROPE_FACTORS)) {
        name =
            family
                .weightName(tensor.name())
                .orElseThrow(() ->
                    new InputException(
                        file.name()
                            + ": tensor "
                            + GgufHeader.quote(tensor.name())
                            + " is none that models of architecture "
                            + family.architecture()
                            + " have here; use another model"));
      }
      stored.put(name, weight(file, tensor, family, config));
    }
    return stored;
  }

  /** Undoes what llama.cpp's conversion to GGUF does to the weights of a family. */
  private static GgufWeight weight(
      GgufFile file, GgufTensor tensor, GgufFamily family, ModelConfig config) {
    String name = tensor.name();
    boolean matrix = tensor.shape().length == 2;
    if (family == GgufFamily.LLAMA && name.matches("blk\\.\\d+\\.attn_[qk]\\..*")) {
      int headDim = config.requiredInt("head_dim");
      long rows = matrix ? tensor.rows() : tensor.cols();
      if (rows % headDim != 0 || headDim % 2 != 0 || !matrix && tensor.type().blockElements() > 1) {
        throw new InputException(
            file.name()
                + ": tensor "
                + GgufHeader.quote(name)
                + " of "
                + rows
                + " rows cannot be cut into heads of "
                + headDim
                + "; the file is damaged: download it again");
      }
      return new GgufWeight(file.name(), tensor, GgufWeight.Change.NONE, headDim);
    }
    if (family == GgufFamily.GEMMA3 && name.endsWith("norm.weight")) {
      return new GgufWeight(file.name(), tensor, GgufWeight.Change.PLUS_ONE, 1);
    }
    if (family == GgufFamily.GPT2 && matrix && name.startsWith("blk.")) {
      return new GgufWeight(file.name(), tensor, GgufWeight.Change.TRANSPOSED, 1);
    }
    return new GgufWeight(file.name(), tensor, GgufWeight.Change.NONE, 1);
  }
}
