package dev.cram.lm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.lm.files.ModelLocation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelSummaryTest {
  private static final Path FIXTURES = Path.of("src/test/resources/fixtures");

  @TempDir private Path folder;

  @Test
  void tellsOfTheModelThatShips() {
    assertThat(ModelSummary.embedded())
        .isEqualTo(
            new ModelSummary(
                "cram-tiny",
                Optional.empty(),
                "llama",
                9_941_700,
                300,
                13,
                4096,
                OptionalInt.of(2048),
                "BF16",
                19_883_400,
                Optional.empty()));
  }

  @Test
  void readsAFolder() {
    ModelSummary summary = of(FIXTURES.resolve("llama_bf16"));

    assertThat(summary.problem()).isEmpty();
    assertThat(summary.dtype()).isEqualTo("BF16");
    assertThat(summary.weightBytes()).isEqualTo(2 * summary.parameters());
    assertThat(summary.embeddingSize()).isEqualTo(64);
    assertThat(summary.vocabularySize()).isEqualTo(512);
  }

  /** The numbers are those of {@code model.num_parameters()} in transformers. */
  @ParameterizedTest
  @CsvSource({
    "gpt2, 191040",
    "gpt_neox, 215616",
    "llama, 204224",
    "llama_bf16, 204224",
    "mamba, 130944",
    "opt_350m_style, 128768",
    "qwen3, 208512",
    "gemma3, 208896"
  })
  void countsParametersAsTransformersDoes(String fixture, long parameters) {
    assertThat(of(FIXTURES.resolve(fixture)).parameters()).isEqualTo(parameters);
  }

  @Test
  void countsNoConstants() throws IOException {
    // 2 blocks of width 8 with masks and a tied head, as older files have them.
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "gpt2", "n_embd": 8, "n_layer": 2, "n_positions": 16, "vocab_size": 10,
         "tie_word_embeddings": true}\
        """);
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    String header =
        """
        {"wte.weight":{"dtype":"F16","shape":[10,8],"data_offsets":[0,160]},
        "lm_head.weight":{"dtype":"F16","shape":[10,8],"data_offsets":[160,320]},
        "h.0.attn.bias":{"dtype":"U8","shape":[1,1,4,4],"data_offsets":[320,336]},
        "h.0.attn.masked_bias":{"dtype":"F32","shape":[],"data_offsets":[336,340]},
        "h.0.attn.c_attn.bias":{"dtype":"F16","shape":[24],"data_offsets":[340,388]}}\
        """;
    writeSafetensors(header, 388);

    ModelSummary summary = of(folder);

    assertThat(summary.problem()).isEmpty();
    assertThat(summary.parameters()).isEqualTo(10 * 8 + 24);
    assertThat(summary.dtype()).isEqualTo("F16");
    assertThat(summary.weightBytes()).isEqualTo(388);
    assertThat(summary.layers()).isEqualTo(2);
    assertThat(summary.maxPositions()).hasValue(16);
  }

  @Test
  void saysWhyAModelCannotBeOpened() throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12, "vocab_size": 30522}\
        """);

    ModelSummary summary = of(folder);

    assertThat(summary.problem().orElseThrow()).contains("model_type \"bert\" is not supported");
    assertThat(summary.architecture()).isEqualTo("bert");
    assertThat(summary.embeddingSize()).isEqualTo(768);
    assertThat(summary.parameters()).isZero();
  }

  @Test
  void bearsWhatIsNoModel() throws IOException {
    assertThat(of(folder).problem().orElseThrow()).contains("config.json");
    Files.writeString(folder.resolve("config.json"), "no JSON");
    assertThat(of(folder).problem()).isPresent();
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": 7, \"vocab_size\": []}");
    assertThat(of(folder).problem()).isPresent();
  }

  private void writeSafetensors(String header, int dataBytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json);
    Files.write(folder.resolve("model.safetensors"), file.array());
  }

  private static ModelSummary of(Path path) {
    return ModelSummary.of(new ModelLocation("some model", path));
  }
}
