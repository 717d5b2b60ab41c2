package dev.cram.lm.files;

import static dev.cram.lm.files.WeightsTest.FIXTURES;
import static dev.cram.lm.files.WeightsTest.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFilesTest {
  @TempDir Path folder;

  @Test
  void opensTheModelThatShipsWithTheLibrary() {
    try (ModelFiles model = ModelFiles.open("cram-tiny")) {
      assertThat(model.name()).isEqualTo("cram-tiny");
      assertThat(model.config().modelType()).isEqualTo("llama");
      assertThat(model.weights().fingerprint())
          .isEqualTo("d9c9db5695d2e097c3d6e7817272c44e319c5474f8c6a1968fca7695ea078cb2");
      assertThat(model.weights().matrix("model.embed_tokens.weight", 4096, 300).rows())
          .isEqualTo(4096);
      assertThat(model.tokenizer().vocabularySize()).isEqualTo(4096);
      assertThat(model.tokenizer()).isSameAs(model.tokenizer());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama_bf16", "llama_tied_mha", "llama3_rope"})
  void opensAHuggingFaceDirectory(String name) {
    try (ModelFiles model = ModelFiles.open(FIXTURES.resolve(name).toString())) {
      assertThat(model.name()).isEqualTo(name);
      assertThat(model.config().requiredInt("hidden_size")).isEqualTo(64);
      assertThat(model.weights().contains("model.norm.weight")).isTrue();
      assertThat(model.tokenizer().vocabularySize()).isEqualTo(512);
    }
  }

  @Test
  void takesTheNameOfAModelInTheHubsCache() throws IOException {
    Path snapshot = folder.resolve("models--Owner--Some-Model-1B/snapshots/0123abcd");
    copyModel(snapshot);
    try (ModelFiles model = ModelFiles.open(snapshot + "/")) {
      assertThat(model.name()).isEqualTo("Owner/Some-Model-1B");
    }
  }

  @Test
  void putsAnOldTokenizerTogether() throws IOException {
    copyModel(folder);
    Files.delete(folder.resolve("tokenizer.json"));
    for (String file : new String[] {"vocab.json", "merges.txt", "tokenizer_config.json"}) {
      Files.copy(Path.of("src/test/resources/gpt2_tokenizer", file), folder.resolve(file));
    }
    try (ModelFiles model = ModelFiles.open(folder.toString())) {
      assertThat(model.tokenizer().encode("x\n")).containsExactly(88, 199);
    }
  }

  @Test
  void closesTwiceWithoutHarm() {
    ModelFiles model = ModelFiles.open("cram-tiny");
    model.close();
    model.close();
  }

  @Test
  void rejectsAFileThatIsNoModel() throws IOException {
    Path file = Files.createFile(folder.resolve("model.safetensors"));
    assertRejected(() -> ModelFiles.open(file.toString()))
        .hasMessageContaining("model.safetensors: is no GGUF file; give the directory");
  }

  @Test
  void opensAGgufFile() {
    try (ModelFiles model = ModelFiles.open("src/test/resources/gguf/qwen3.gguf")) {
      assertThat(model.name()).isEqualTo("qwen3");
      assertThat(model.config().modelType()).isEqualTo("qwen3");
      assertThat(model.weights().fingerprint())
          .isEqualTo("33cf7fe84aa9ea622f22f8fcb7cdfd5356ba9025fcf8d3cdef570800636f822b");
      assertThat(model.weights().contains("model.layers.2.self_attn.q_norm.weight")).isTrue();
      assertRejected(model::tokenizer).hasMessageContaining("has no tokenizer.ggml.model");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "tokenizer.json", "model.safetensors"})
  void namesTheFileThatADirectoryLacks(String file) throws IOException {
    copyModel(folder);
    Files.delete(folder.resolve(file));
    assertRejected(() -> ModelFiles.open(folder.toString()))
        .hasMessageStartingWith(folder.toString())
        .hasMessageContaining(file);
  }

  @Test
  void namesATokenizerThatCannotBeRead() throws IOException {
    copyModel(folder);
    Files.writeString(folder.resolve("tokenizer.json"), "{\n}");
    try (ModelFiles model = ModelFiles.open(folder.toString())) {
      assertRejected(model::tokenizer)
          .hasMessageContainingAll("tokenizer.json: has no vocabulary", "download it again");
    }
  }

  private static void copyModel(Path target) throws IOException {
    Files.createDirectories(target);
    for (String file : new String[] {"config.json", "tokenizer.json", "model.safetensors"}) {
      Files.copy(FIXTURES.resolve("llama").resolve(file), target.resolve(file));
    }
  }
}
