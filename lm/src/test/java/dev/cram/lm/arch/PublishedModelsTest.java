package dev.cram.lm.arch;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.StoredWeight;
import dev.cram.lm.files.Weights;
import dev.cram.lm.layer.Flow;
import dev.cram.lm.layer.Plan;
import dev.cram.lm.layer.Stage;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Configs of published models, at full width but with one layer and a small vocabulary, and the
 * tensors that transformers creates for them; tools/make_published_shapes.py wrote both.
 */
class PublishedModelsTest {
  private static final MemorySegment NUMBERS = numbers();

  private final Set<String> unread = new HashSet<>();

  @ParameterizedTest
  @CsvSource({
    "gemma-3-270m, 640, 32768",
    "gemma-3-4b-it, 2560, 131072",
    "gpt2, 768, 1024",
    "llama-3.2-1b, 2048, 131072",
    "olmo-1b-0724-hf, 2048, 4096",
    "opt-125m, 768, 2048",
    "opt-350m, 512, 2048",
    "opt-1.3b, 2048, 2048",
    "pythia-160m, 768, 2048",
    "pythia-410m, 1024, 2048",
    "pythia-1.4b, 2048, 2048",
    "qwen2.5-0.5b, 896, 32768",
    "qwen3-0.6b, 1024, 40960",
  })
  void readAllTheirTensorsAndRun(String name, int embeddingSize, int maxPositions)
      throws IOException {
    Path file = Path.of("src/test/resources/published", name + ".json");
    JsonObject model = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    ModelConfig config =
        ModelConfig.of(
            name, model.getAsJsonObject("config").toString().getBytes(StandardCharsets.UTF_8));
    try (Workers workers = new Workers(2);
        Arena arena = Arena.ofShared();
        Weights weights = weights(name, config, model.getAsJsonObject("tensors"))) {
      Network network =
          Architecture.of(config).build(config, weights, arena, Precision.BF16, workers);

      assertThat(network.embeddings().embeddingSize()).isEqualTo(embeddingSize);
      assertThat(network.maxPositions()).isEqualTo(maxPositions);
      assertThat(logits(network, arena, workers)).doesNotContain(Float.NaN, 0f);
      // The head of a model that has its embeddings as the head.
      assertThat(unread).isSubsetOf(Set.of("lm_head.weight"));
    }
  }

  private static float[] logits(Network network, Arena arena, Workers workers) {
    int rows = 2;
    Matrix input = Matrix.allocate(arena, rows, network.embeddings().embeddingSize());
    for (int row = 0; row < rows; row++) {
      network.embeddings().copyRow(row, input, row);
    }
    Matrix logits = Matrix.allocate(arena, rows, network.head().outputs());
    try (Multiplier multiplier = new Multiplier(workers, rows)) {
      Plan plan = new Plan(arena, workers, multiplier, rows, false);
      Stage body = network.body().plan(new Flow(input, null), null, plan);
      body.forward(0, rows);
      network.head().forward(multiplier, body.output(), logits, 0, rows);
    }
    return logits.toArray();
  }

  private static MemorySegment numbers() {
    float[] numbers = new float[10_007];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (i * 37 % 101 - 50) / 1000f;
    }
    return MemorySegment.ofArray(numbers);
  }

  private Weights weights(String name, ModelConfig config, JsonObject tensors) {
    Map<String, StoredWeight> stored = new LinkedHashMap<>();
    for (String tensor : tensors.keySet()) {
      long[] shape =
          tensors.getAsJsonArray(tensor).asList().stream()
              .mapToLong(size -> size.getAsLong())
              .toArray();
      unread.add(tensor);
      stored.put(tensor, new MadeUp(name, tensor, shape));
    }
    return Weights.of(config, name, stored, () -> {});
  }

  /** A weight of some small numbers. */
  private final class MadeUp implements StoredWeight {
    private final String file;
    private final String name;
    private final long[] shape;

    MadeUp(String file, String name, long[] shape) {
      this.file = file;
      this.name = name;
      this.shape = shape;
    }

    @Override
    public String file() {
      return file;
    }

    @Override
    public Tensor tensor() {
      throw new UnsupportedOperationException();
    }

    @Override
    public long[] shape() {
      return shape;
    }

    @Override
    public long decode(MemorySegment target, Workers workers) {
      unread.remove(name);
      for (long at = 0; at < target.byteSize(); at += NUMBERS.byteSize()) {
        long bytes = Math.min(target.byteSize() - at, NUMBERS.byteSize());
        MemorySegment.copy(NUMBERS, 0, target, at, bytes);
      }
      return -1;
    }

    @Override
    public long decodeRow(int row, MemorySegment target) {
      return decode(target, null);
    }
  }
}
