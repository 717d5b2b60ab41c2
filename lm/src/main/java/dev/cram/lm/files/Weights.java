package dev.cram.lm.files;

import static dev.cram.lm.files.SafetensorsFile.quote;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.cram.lm.InputException;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All weights of a model by their Hugging Face names, whether one safetensors file, several shards
 * or a file of another format hold them.
 *
 * <p>Nothing is decoded before it is asked for. Instances may be read by several threads; closing
 * unmaps the files and frees what {@link #matrix(String, int, int)} returned.
 */
public final class Weights implements AutoCloseable {
  static final String SINGLE_FILE = "model.safetensors";
  static final String INDEX_FILE = "model.safetensors.index.json";

  private final ModelConfig config;
  private final String source;
  private final Map<String, StoredWeight> stored;
  private final Runnable closeFiles;
  private final Arena arena = Arena.ofShared();

  private Weights(
      ModelConfig config, String source, Map<String, StoredWeight> stored, Runnable closeFiles) {
    this.config = config;
    this.source = source;
    this.stored = stored;
    this.closeFiles = closeFiles;
  }

  /**
   * Weights of any file format.
   *
   * @param source what errors about a missing weight call the file
   * @param stored the weights by their Hugging Face names
   * @param closeFiles called when the weights are closed
   */
  public static Weights of(
      ModelConfig config, String source, Map<String, StoredWeight> stored, Runnable closeFiles) {
    return new Weights(config, source, stored, closeFiles);
  }

  private static Weights of(ModelConfig config, String source, List<SafetensorsFile> files) {
    Map<String, StoredWeight> stored = new LinkedHashMap<>();
    for (SafetensorsFile file : files) {
      for (String name : file.names()) {
        StoredWeight other =
            stored.put(name, new SafetensorsWeight(file.name(), file.tensor(name)));
        if (other != null) {
          throw new InputException(
              file.name()
                  + ": holds tensor "
                  + quote(name)
                  + ", which is in "
                  + other.file()
                  + " too; download the model again");
        }
      }
    }
    return new Weights(config, source, stored, () -> files.forEach(SafetensorsFile::close));
  }

  /**
   * Opens {@code model.safetensors} or, if there is none, the shards that {@code
   * model.safetensors.index.json} names.
   *
   * @param config the config the weights belong to: errors about shapes name its keys
   * @throws InputException if there is neither, a shard is missing or any file is damaged
   */
  public static Weights open(Path directory, ModelConfig config) {
    Path single = directory.resolve(SINGLE_FILE);
    if (Files.exists(single)) {
      return of(SafetensorsFile.open(single), config);
    }
    Path index = directory.resolve(INDEX_FILE);
    if (!Files.exists(index)) {
      throw new InputException(
          directory
              + ": has neither "
              + SINGLE_FILE
              + " nor "
              + INDEX_FILE
              + "; download the weights in the safetensors format");
    }
    return openShards(directory, index, config);
  }

  /** The weights of one file, which is closed with them. */
  public static Weights of(SafetensorsFile file, ModelConfig config) {
    return of(config, file.name(), List.of(file));
  }

  private static Weights openShards(Path directory, Path index, ModelConfig config) {
    if (!(JsonFile.read(index).get("weight_map") instanceof JsonObject weightMap)) {
      throw new InputException(index + ": has no object weight_map; download it again");
    }
    Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
    try {
      for (Map.Entry<String, JsonElement> entry : weightMap.entrySet()) {
        String shard = shardName(index, entry);
        SafetensorsFile file = shards.get(shard);
        if (file == null) {
          file = SafetensorsFile.open(directory.resolve(shard));
          shards.put(shard, file);
        }
        if (!file.names().contains(entry.getKey())) {
          throw new InputException(
              file.name()
                  + ": has no tensor "
                  + quote(entry.getKey())
                  + ", which "
                  + index.getFileName()
                  + " says it holds; download both again");
        }
      }
      return of(config, index.toString(), List.copyOf(shards.values()));
    } catch (RuntimeException e) {
      shards.values().forEach(SafetensorsFile::close);
      throw e;
    }
  }

  // A name that leads out of the directory is no shard's, whatever file it may reach.
  private static String shardName(Path index, Map.Entry<String, JsonElement> entry) {
    if (entry.getValue() instanceof JsonPrimitive value
        && value.isString()
        && value.getAsString().matches("[A-Za-z0-9_-][A-Za-z0-9._-]*")) {
      return value.getAsString();
    }
    throw new InputException(
        index
            + ": weight_map "
            + quote(entry.getKey())
            + " is "
            + quote(entry.getValue().toString())
            + ", expected the name of a file beside it; download it again");
  }

  /** The names of all tensors. */
  public Set<String> names() {
    return Collections.unmodifiableSet(stored.keySet());
  }

  /** Whether there is a tensor of that name. */
  public boolean contains(String name) {
    return stored.containsKey(name);
  }

  /** All tensors as their files have them. */
  public List<StoredWeight.Tensor> tensors() {
    return stored.values().stream().map(StoredWeight::tensor).toList();
  }

  /**
   * Checks a weight before anything is allocated for it.
   *
   * @throws InputException if it is missing or has another shape
   */
  public void require(String name, int rows, int cols) {
    weight(name, rows, cols);
  }

  /**
   * A weight as float32 {@code [rows, cols]}, in memory that is freed with these weights.
   *
   * @throws InputException if it is missing, has another shape or an element type that cannot be
   *     decoded (of safetensors all but F32, F16 and BF16), or holds an element that is infinite or
   *     not a number
   */
  public Matrix matrix(String name, int rows, int cols) {
    return matrix(arena, null, name, rows, cols);
  }

  /**
   * As {@link #matrix(String, int, int)}, in memory of {@code target}.
   *
   * @param workers share the decoding; null for the calling thread alone
   */
  public Matrix matrix(Arena target, Workers workers, String name, int rows, int cols) {
    require(name, rows, cols);
    Matrix matrix = Matrix.allocate(target, rows, cols);
    read(name, matrix, workers);
    return matrix;
  }

  /**
   * Decodes a weight into a matrix of its shape.
   *
   * @param workers share the decoding; null for the calling thread alone
   * @throws InputException as {@link #matrix(String, int, int)} does
   */
  public void read(String name, Matrix target, Workers workers) {
    decode(name, weight(name, target.rows(), target.cols()), target.data(), workers);
  }

  /**
   * The rows of a weight {@code [rows, cols]}, none of which is decoded yet.
   *
   * @throws InputException if it is missing or has another shape
   */
  public WeightRows rows(String name, int rows, int cols) {
    return new WeightRows(name, weight(name, rows, cols));
  }

  /**
   * A weight of any shape as float32 values, row-major.
   *
   * @throws InputException as {@link #matrix(String, int, int)} does
   */
  public float[] vector(String name, int... shape) {
    StoredWeight weight = weight(name, Arrays.stream(shape).asLongStream().toArray());
    float[] values = new float[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    decode(name, weight, MemorySegment.ofArray(values), null);
    return values;
  }

  /**
   * Identifies these weights, however they are split into files: the lower-case hexadecimal SHA-256
   * of the following, for each tensor as its file has it, in the order of its name's UTF-8 bytes:
   *
   * <ul>
   *   <li>the name in UTF-8 and a zero byte,
   *   <li>the element type in ASCII, such as {@code BF16}, and a zero byte,
   *   <li>the dimensions as decimal numbers with commas between, and a zero byte,
   *   <li>of {@code n} bytes of data: all if {@code n < 65536}; otherwise 16 blocks of 4096 bytes,
   *       block {@code i} from byte {@code floor(i * (n - 4096) / 15)}, so that the first and the
   *       last are among them.
   * </ul>
   */
  public String fingerprint() {
    return WeightFingerprint.of(stored.values().stream().map(StoredWeight::tensor));
  }

  @Override
  public void close() {
    closeFiles.run();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private StoredWeight weight(String name, long... expected) {
    StoredWeight weight = stored.get(name);
    if (weight == null) {
      throw new InputException(
          source
              + ": has no weight "
              + quote(name)
              + " of shape "
              + Arrays.toString(expected)
              + origin(expected)
              + "; use the weights that belong to the config");
    }
    if (!Arrays.equals(weight.shape(), expected)) {
      throw new InputException(
          weight.file()
              + ": weight "
              + quote(name)
              + " has shape "
              + SafetensorsHeader.shapeText(weight.shape())
              + ", expected "
              + Arrays.toString(expected)
              + origin(expected)
              + "; use the weights that belong to the config");
    }
    return weight;
  }

  /** Where the expected sizes come from, as far as they stand in the config as they are. */
  private String origin(long[] expected) {
    Map<String, Long> keys = new LinkedHashMap<>();
    for (long size : expected) {
      Optional<String> key = config.sizeKey(size);
      key.ifPresent(found -> keys.put(found, size));
    }
    if (keys.isEmpty()) {
      return " as " + config.file() + " says";
    }
    List<String> texts = new ArrayList<>();
    keys.forEach((key, size) -> texts.add(key + " " + size));
    return " as " + config.file() + " says (" + String.join(", ", texts) + ")";
  }

  private static void decode(
      String name, StoredWeight weight, MemorySegment target, Workers workers) {
    long bad = weight.decode(target, workers);
    if (bad >= 0) {
      throw notFinite(name, weight, target, bad, bad);
    }
  }

  /** The error about an element of {@code decoded}; {@code index} is its place in the weight. */
  static InputException notFinite(
      String name, StoredWeight weight, MemorySegment decoded, long at, long index) {
    return new InputException(
        weight.file()
            + ": weight "
            + quote(name)
            + " holds "
            + decoded.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * at)
            + " at "
            + Arrays.toString(position(index, weight.shape()))
            + ", expected finite numbers; download it again");
  }

  private static long[] position(long index, long[] shape) {
    long[] position = new long[shape.length];
    for (int i = shape.length - 1; i >= 0; i--) {
      position[i] = index % shape[i];
      index /= shape[i];
    }
    return position;
  }
}
