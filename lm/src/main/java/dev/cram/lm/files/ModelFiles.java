package dev.cram.lm.files;

import dev.cram.lm.InputException;
import dev.cram.lm.files.gguf.GgufModel;
import dev.cram.lm.hub.HubCache;
import dev.cram.lm.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * The files of a frozen model: a Hugging Face directory, a GGUF file, or the model that ships with
 * the library.
 *
 * <p>The tokenizer is loaded when it is first asked for. Instances may be used by several threads;
 * closing frees the weights' memory, wherever it is still in use.
 */
public final class ModelFiles implements AutoCloseable {
  /** The model that ships with the library. */
  public static final String EMBEDDED = "cram-tiny";

  private static final String RESOURCES = "/dev/cram/lm/models/" + EMBEDDED + "/";
  private static final String CONFIG = "config.json";
  private static final String TOKENIZER = "tokenizer.json";

  private final String name;
  private final ModelConfig config;
  private final Weights weights;
  private final Arena arena;
  private final Supplier<Tokenizer> loadTokenizer;
  private Tokenizer tokenizer;

  private ModelFiles(
      String name,
      ModelConfig config,
      Weights weights,
      Arena arena,
      Supplier<Tokenizer> loadTokenizer) {
    this.name = name;
    this.config = config;
    this.weights = weights;
    this.arena = arena;
    this.loadTokenizer = loadTokenizer;
  }

  /**
   * Opens a model.
   *
   * @param model {@value #EMBEDDED}, the path of a directory with config.json, tokenizer.json and
   *     model.safetensors (or model.safetensors.index.json and its shards), that of a GGUF file, or
   *     the name of a model in the hub's cache, see {@link dev.cram.lm.hub.ModelReference}
   * @throws InputException if there is no such model, a file of it is missing, or the config or the
   *     weights cannot be read
   */
  public static ModelFiles open(String model) {
    return model.equals(EMBEDDED)
        ? openEmbedded()
        : open(ModelLocation.find(model, HubCache.ofEnvironment()));
  }

  /** As {@link #open(String)}, from where the model is known to be. */
  public static ModelFiles open(ModelLocation location) {
    return Files.isDirectory(location.path())
        ? openDirectory(location.name(), location.path())
        : openGguf(location.name(), location.path());
  }

  private static ModelFiles openGguf(String name, Path file) {
    GgufModel model = GgufModel.open(file);
    return new ModelFiles(
        name,
        model.config(),
        model.weights(),
        null,
        () -> Tokenizer.of(file + " (tokenizer)", model.tokenizerJson()));
  }

  private static ModelFiles openDirectory(String name, Path directory) {
    Path tokenizer = directory.resolve(TOKENIZER);
    boolean oldTokenizer = !Files.isRegularFile(tokenizer) && Gpt2Tokenizer.isIn(directory);
    for (Path needed : new Path[] {directory.resolve(CONFIG), tokenizer}) {
      if (!Files.isRegularFile(needed) && !(oldTokenizer && needed.equals(tokenizer))) {
        throw new InputException(
            directory
                + ": has no "
                + needed.getFileName()
                + "; give a Hugging Face model directory with config.json, tokenizer.json and"
                + " model.safetensors");
      }
    }
    ModelConfig config = ModelConfig.read(directory.resolve(CONFIG));
    return new ModelFiles(
        name,
        config,
        Weights.open(directory, config),
        null,
        oldTokenizer
            ? () -> Tokenizer.of(directory + " (tokenizer)", Gpt2Tokenizer.json(directory))
            : () -> Tokenizer.of(tokenizer.toString(), JsonFile.bytes(tokenizer)));
  }

  private static ModelFiles openEmbedded() {
    ModelConfig config = ModelConfig.of(EMBEDDED + "/" + CONFIG, resource(CONFIG));
    Arena arena = Arena.ofShared();
    try {
      var file =
          SafetensorsFile.of(
              EMBEDDED + "/" + Weights.SINGLE_FILE, resource(Weights.SINGLE_FILE, arena));
      return new ModelFiles(
          EMBEDDED,
          config,
          Weights.of(file, config),
          arena,
          () -> Tokenizer.of(EMBEDDED + "/" + TOKENIZER, resource(TOKENIZER)));
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private static byte[] resource(String file) {
    try (InputStream in = ModelFiles.class.getResourceAsStream(RESOURCES + file)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new InputException(EMBEDDED + "/" + file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static MemorySegment resource(String file, Arena arena) {
    URL url = ModelFiles.class.getResource(RESOURCES + file);
    try {
      URLConnection connection = url.openConnection();
      try (InputStream in = connection.getInputStream()) {
        MemorySegment bytes = arena.allocate(connection.getContentLengthLong(), 64);
        byte[] buffer = new byte[1 << 16];
        long at = 0;
        while (at < bytes.byteSize()) {
          int count = in.read(buffer, 0, (int) Math.min(buffer.length, bytes.byteSize() - at));
          if (count < 0) {
            throw new IOException("it ends after " + at + " of " + bytes.byteSize() + " bytes");
          }
          MemorySegment.copy(buffer, 0, bytes, ValueLayout.JAVA_BYTE, at, count);
          at += count;
        }
        return bytes;
      }
    } catch (IOException e) {
      throw new InputException(EMBEDDED + "/" + file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** The model's id: {@value #EMBEDDED}, or see {@link ModelLocation#name}. */
  public String name() {
    return name;
  }

  public ModelConfig config() {
    return config;
  }

  public Weights weights() {
    return weights;
  }

  /**
   * The tokenizer, loaded by the first call.
   *
   * @throws InputException if tokenizer.json cannot be read
   */
  public synchronized Tokenizer tokenizer() {
    if (tokenizer == null) {
      tokenizer = loadTokenizer.get();
    }
    return tokenizer;
  }

  @Override
  public synchronized void close() {
    weights.close();
    if (tokenizer != null) {
      tokenizer.close();
    }
    if (arena != null && arena.scope().isAlive()) {
      arena.close();
    }
  }
}
