package dev.cram.lm;

import dev.cram.lm.arch.Architecture;
import dev.cram.lm.arch.Network;
import dev.cram.lm.files.ModelFiles;
import dev.cram.lm.tokenizer.Tokenizer;
import dev.cram.tensor.HugePageArena;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;

/**
 * A frozen causal language model, packed for one precision.
 *
 * <p>It has no state of its own: any number of {@link GradientPass}es and {@link GreedyDecoder}s
 * may use it at the same time, from different threads.
 */
public final class CausalLm implements AutoCloseable {
  private final ModelFiles files;
  private final Network network;
  private final Precision precision;
  private final Arena arena;
  private float embeddingStd = Float.NaN;

  private CausalLm(ModelFiles files, Network network, Precision precision, Arena arena) {
    this.files = files;
    this.network = network;
    this.precision = precision;
    this.arena = arena;
  }

  /**
   * Opens a model.
   *
   * @param model {@code cram-tiny}, the path of a Hugging Face model directory or of a GGUF file,
   *     or the name of a downloaded model on the hub, {@code OWNER/NAME}, {@code
   *     OWNER/NAME@REVISION} or {@code OWNER/NAME:FILE.gguf}
   * @param workers pack the weights; not kept
   * @throws InputException if the model is missing, damaged or not supported
   */
  public static CausalLm open(String model, Precision precision, Workers workers) {
    ModelFiles files = ModelFiles.open(model);
    Arena arena = new HugePageArena();
    try {
      Network network =
          Architecture.of(files.config())
              .build(files.config(), files.weights(), arena, precision, workers);
      return new CausalLm(files, network, precision, arena);
    } catch (RuntimeException | Error e) {
      arena.close();
      files.close();
      throw e;
    }
  }

  /** The model's name: {@code cram-tiny}, or that of its directory, GGUF file or hub repository. */
  public String name() {
    return files.name();
  }

  /**
   * The model's tokenizer, loaded by the first call.
   *
   * @throws InputException if it cannot be read, or has tokens that the model has no embeddings for
   */
  public Tokenizer tokenizer() {
    Tokenizer tokenizer = files.tokenizer();
    tokenizer.requireRows(vocabularySize());
    return tokenizer;
  }

  /** Identifies the weights, see {@link dev.cram.lm.files.Weights#fingerprint}. */
  public String weightFingerprint() {
    return files.weights().fingerprint();
  }

  public Precision precision() {
    return precision;
  }

  /** The width of an input row, so of a [mem] vector. */
  public int embeddingSize() {
    return network.embeddings().embeddingSize();
  }

  public int vocabularySize() {
    return network.head().outputs();
  }

  /** The longest sequence, [mem] rows and tokens together. */
  public int maxPositions() {
    return network.maxPositions();
  }

  /**
   * The standard deviation of all elements of the tokens' input rows, computed by the first call.
   */
  public synchronized float embeddingStd() {
    if (Float.isNaN(embeddingStd)) {
      embeddingStd = network.embeddings().standardDeviation();
    }
    return embeddingStd;
  }

  Network network() {
    return network;
  }

  /** Releases the weights; passes and decoders must have been closed. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
    files.close();
  }
}
