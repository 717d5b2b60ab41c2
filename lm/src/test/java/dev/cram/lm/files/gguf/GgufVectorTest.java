package dev.cram.lm.files.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.cram.lm.files.SafetensorsFile;
import dev.cram.lm.tokenizer.Tokenizer;
import dev.cram.tensor.Workers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that the gguf package wrote; tools/make_gguf_vectors.py says what it reads from them. */
class GgufVectorTest {
  private static final Path FOLDER = Path.of("src/test/resources/gguf");

  @ParameterizedTest
  @EnumSource(GgufType.class)
  void decodesEveryFormatToTheBit(GgufType type) {
    try (GgufFile file = GgufFile.open(FOLDER.resolve("types.gguf"));
        SafetensorsFile expected = SafetensorsFile.open(FOLDER.resolve("types.safetensors"));
        Workers workers = new Workers(2)) {
      GgufTensor tensor = file.tensors().get(type.name());
      assertThat(tensor.shape()).isEqualTo(expected.tensor(type.name()).shape());
      float[] bits = expected.tensor(type.name()).data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
      float[] decoded = new float[bits.length];
      GgufWeight weight = new GgufWeight("types.gguf", tensor, GgufWeight.Change.NONE, 1);
      assertThat(weight.decode(MemorySegment.ofArray(decoded), null)).isEqualTo(-1);
      assertThat(decoded).isEqualTo(bits);

      try (Arena arena = Arena.ofShared()) {
        MemorySegment shared = arena.allocate(4L * bits.length, 64);
        assertThat(weight.decode(shared, workers)).isEqualTo(-1);
        assertThat(shared.toArray(ValueLayout.JAVA_FLOAT)).isEqualTo(bits);
      }
      int cols = tensor.cols();
      float[] row = new float[cols];
      assertThat(weight.decodeRow(2, MemorySegment.ofArray(row))).isEqualTo(-1);
      assertThat(row).isEqualTo(Arrays.copyOfRange(bits, 2 * cols, 3 * cols));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bpe-gpt-2",
        "bpe-qwen2",
        "bpe-smollm",
        "bpe-llama-bpe",
        "bpe-default",
        "spm-prefix",
        "spm-plain"
      })
  void tokenizesAsOtherImplementationsDo(String name) throws IOException {
    JsonArray cases =
        JsonParser.parseString(Files.readString(FOLDER.resolve("tokenizers.json")))
            .getAsJsonObject()
            .getAsJsonArray(name);
    assertThat(cases).hasSizeGreaterThan(20);
    try (GgufFile file = GgufFile.open(FOLDER.resolve(name + ".gguf"));
        Tokenizer tokenizer = Tokenizer.of(name, GgufTokenizer.json(file.metadata()))) {
      for (JsonElement element : cases) {
        JsonObject expected = element.getAsJsonObject();
        String text = expected.get("text").getAsString();
        int[] ids =
            expected.getAsJsonArray("ids").asList().stream()
                .mapToInt(JsonElement::getAsInt)
                .toArray();
        int[] encoded = tokenizer.encode(text);
        assertThat(encoded).as("<%s> in %s", text, name).isEqualTo(ids);
        // Qwen's tokenizer composes characters before it encodes them.
        assertThat(tokenizer.decode(encoded))
            .isEqualTo(
                name.equals("bpe-qwen2") ? Normalizer.normalize(text, Normalizer.Form.NFC) : text);
      }
    }
  }

  @Test
  void writesTheSameTokenizerEveryTime() {
    try (GgufFile file = GgufFile.open(FOLDER.resolve("spm-prefix.gguf"))) {
      assertThat(GgufTokenizer.json(file.metadata()))
          .isEqualTo(GgufTokenizer.json(file.metadata()));
    }
  }
}
