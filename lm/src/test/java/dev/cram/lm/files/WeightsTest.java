package dev.cram.lm.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightsTest {
  static final Path FIXTURES = Path.of("src/test/resources/fixtures");
  private static final String QUERY = "model.layers.0.self_attn.q_proj.weight";
  private static final ModelConfig CONFIG =
      ModelConfig.of(
          "config.json", "{\"hidden_size\":64,\"intermediate_size\":176,\"layers\":3}".getBytes());

  @TempDir Path folder;

  @Test
  void givesTheWeightsOfAModel() {
    try (Weights weights = Weights.open(FIXTURES.resolve("llama"), CONFIG)) {
      assertThat(weights.contains(QUERY)).isTrue();
      assertThat(weights.contains("model.layers.3.self_attn.q_proj.weight")).isFalse();
      assertThat(weights.names()).contains(QUERY, "model.norm.weight");
      assertThat(weights.vector("model.norm.weight", 64)).hasSize(64);
      try (Arena arena = Arena.ofConfined()) {
        assertThat(weights.matrix(arena, null, QUERY, 64, 64).toArray())
            .isEqualTo(weights.matrix(QUERY, 64, 64).toArray());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, 427f4abaca84554a99755a26cbe7bc6762ed67e7a7c27678200d35095a042c18",
    "llama3_rope, 7feece8c02c33fdeb03065e912c41476434fa872b2b44452451948ef9385c327",
    "llama_bf16, 51ddb41f62761ebf6922b540933fafa44c487dd9d95cf292b42d94861cde21bb",
    "llama_tied_mha, e5016a726bb1826edf8294786bce6bf1d9cca6aa4348c45295c9f6d5046523a7",
  })
  void hasTheFingerprintThatAnotherImplementationComputes(String model, String expected) {
    try (Weights weights = Weights.open(FIXTURES.resolve(model), CONFIG)) {
      assertThat(weights.fingerprint()).isEqualTo(expected);
    }
  }

  @Test
  void hasTheSameWeightsAndFingerprintWhenSharded() throws IOException {
    shard(FIXTURES.resolve("llama"), 3);
    try (Weights whole = Weights.open(FIXTURES.resolve("llama"), CONFIG);
        Weights sharded = Weights.open(folder, CONFIG)) {
      assertThat(sharded.names()).containsExactlyInAnyOrderElementsOf(whole.names());
      assertThat(sharded.fingerprint()).isEqualTo(whole.fingerprint());
      assertThat(sharded.matrix(QUERY, 64, 64).toArray())
          .isEqualTo(whole.matrix(QUERY, 64, 64).toArray());
    }
  }

  @Test
  void changesItsFingerprintWithAnyNameShapeTypeOrSampledByte() throws IOException {
    byte[] data = new byte[1 << 17];
    String original = fingerprint("w", DType.F32, new long[] {1 << 15}, data);
    assertThat(fingerprint("v", DType.F32, new long[] {1 << 15}, data)).isNotEqualTo(original);
    assertThat(fingerprint("w", DType.I32, new long[] {1 << 15}, data)).isNotEqualTo(original);
    assertThat(fingerprint("w", DType.F32, new long[] {1 << 14, 2}, data)).isNotEqualTo(original);
    for (int at : new int[] {0, data.length - 1, (data.length - 4096) / 15}) {
      byte[] changed = data.clone();
      changed[at] = 1;
      assertThat(fingerprint("w", DType.F32, new long[] {1 << 15}, changed)).isNotEqualTo(original);
    }
  }

  @Test
  void namesTheWeightAndTheConfigKeysWhereAShapeIsWrong() {
    try (Weights weights = Weights.open(FIXTURES.resolve("llama"), CONFIG)) {
      assertRejected(() -> weights.matrix(QUERY, 176, 64))
          .hasMessageContainingAll(
              "model.safetensors: weight '" + QUERY + "' has shape [64, 64], expected [176, 64]",
              "as config.json says (intermediate_size 176, hidden_size 64)");
      assertRejected(() -> weights.vector(QUERY, 4096)).hasMessageContaining("expected [4096]");
    }
  }

  @Test
  void namesAWeightThatIsMissing() {
    try (Weights weights = Weights.open(FIXTURES.resolve("llama"), CONFIG)) {
      assertRejected(() -> weights.matrix("lost", 64, 176))
          .hasMessageContaining("model.safetensors: has no weight 'lost' of shape [64, 176]");
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void refusesAWeightThatIsNotFinite(float bad) throws IOException {
    float[] values = new float[5 * 7];
    values[2 * 7 + 4] = bad;
    byte[] data = new byte[4 * values.length];
    MemorySegment.ofArray(data).copyFrom(MemorySegment.ofArray(values));
    Weights weights = single("w", DType.F32, new long[] {5, 7}, data);
    assertRejected(() -> weights.matrix("w", 5, 7))
        .hasMessageContaining("weight 'w' holds " + bad + " at [2, 4], expected finite numbers");
  }

  @Test
  void refusesAWeightOfAnotherElementType() throws IOException {
    Weights weights = single("w", DType.I64, new long[] {1}, new byte[8]);
    assertRejected(() -> weights.vector("w", 1))
        .hasMessageContaining("weight 'w' is I64, expected F32, F16 or BF16");
  }

  @Test
  void refusesADirectoryWithoutWeights() {
    assertRejected(() -> Weights.open(folder, CONFIG))
        .hasMessageContaining("has neither model.safetensors nor model.safetensors.index.json");
  }

  @Test
  void refusesAMissingShard() throws IOException {
    shard(FIXTURES.resolve("llama"), 3);
    Files.delete(folder.resolve("model-1.safetensors"));
    assertRejected(() -> Weights.open(folder, CONFIG))
        .hasMessageContaining("model-1.safetensors: no such file");
  }

  @Test
  void refusesATruncatedShard() throws IOException {
    shard(FIXTURES.resolve("llama"), 3);
    Path shard = folder.resolve("model-1.safetensors");
    byte[] bytes = Files.readAllBytes(shard);
    Files.write(shard, Arrays.copyOf(bytes, bytes.length - 1));
    assertRejected(() -> Weights.open(folder, CONFIG))
        .hasMessageContainingAll("model-1.safetensors: tensor", "the file is truncated");
  }

  @Test
  void refusesAShardWithoutTheTensorItShouldHold() throws IOException {
    shard(FIXTURES.resolve("llama"), 2);
    index("{\"weight_map\":{\"lost\":\"model-0.safetensors\"}}");
    assertRejected(() -> Weights.open(folder, CONFIG))
        .hasMessageContaining("model-0.safetensors: has no tensor 'lost'");
  }

  @Test
  void refusesATensorThatTwoShardsHold() throws IOException {
    Files.write(folder.resolve("a"), bytes(List.of(view("w", new byte[1]))));
    Files.write(
        folder.resolve("b"), bytes(List.of(view("v", new byte[1]), view("w", new byte[1]))));
    index("{\"weight_map\":{\"w\":\"a\", \"v\":\"b\"}}");
    assertRejected(() -> Weights.open(folder, CONFIG))
        .hasMessageContaining("holds tensor 'w', which is in");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"weight_map\":[]}",
        "{\"weight_map\":{\"w\":1}}",
        "{\"weight_map\":{\"w\":\"../secret\"}}",
        "{\"weight_map\":{\"w\":\"/etc/passwd\"}}",
        "{\"weight_map\":{\"w\":\"..\"}}",
        "{\"weight_map\":{\"w\":\"\"}}",
      })
  void refusesADamagedIndex(String json) throws IOException {
    index(json);
    assertRejected(() -> Weights.open(folder, CONFIG))
        .hasMessageContainingAll("model.safetensors.index.json: ", "download it again");
  }

  private void index(String json) throws IOException {
    Files.writeString(folder.resolve(Weights.INDEX_FILE), json);
  }

  /** Deals the tensors of a model out to shards, in an order of their own. */
  private void shard(Path model, int shards) throws IOException {
    try (var file = SafetensorsFile.open(model.resolve(Weights.SINGLE_FILE))) {
      List<String> names = new ArrayList<>(file.names());
      Collections.shuffle(names, new Random(1));
      List<String> map = new ArrayList<>();
      for (int s = 0; s < shards; s++) {
        List<TensorView> tensors = new ArrayList<>();
        for (int i = s; i < names.size(); i += shards) {
          tensors.add(file.tensor(names.get(i)));
          map.add("\"" + names.get(i) + "\":\"model-" + s + ".safetensors\"");
        }
        Files.write(folder.resolve("model-" + s + ".safetensors"), bytes(tensors));
      }
      index("{\"metadata\":{\"total_size\":1},\"weight_map\":{" + String.join(",", map) + "}}");
    }
  }

  private static TensorView view(String name, byte[] data) {
    return new TensorView(name, DType.U8, new long[] {data.length}, MemorySegment.ofArray(data));
  }

  private static byte[] bytes(List<TensorView> tensors) throws IOException {
    var out = new ByteArrayOutputStream();
    SafetensorsWriter.write(out, tensors, Map.of());
    return out.toByteArray();
  }

  private static byte[] file(String name, DType dtype, long[] shape, byte[] data)
      throws IOException {
    return bytes(List.of(new TensorView(name, dtype, shape, MemorySegment.ofArray(data))));
  }

  private static Weights single(String name, DType dtype, long[] shape, byte[] data)
      throws IOException {
    byte[] file = file(name, dtype, shape, data);
    return Weights.of(SafetensorsFile.of("model.safetensors", MemorySegment.ofArray(file)), CONFIG);
  }

  private static String fingerprint(String name, DType dtype, long[] shape, byte[] data)
      throws IOException {
    return single(name, dtype, shape, data).fingerprint();
  }

  static AbstractThrowableAssert<?, ?> assertRejected(ThrowingCallable call) {
    return assertThatThrownBy(call)
        .isInstanceOf(InputException.class)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }
}
