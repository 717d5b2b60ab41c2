package dev.cram.lm.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import dev.cram.lm.hub.HubCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelLocationTest {
  private static final String COMMIT = "c".repeat(40);

  @TempDir private Path folder;
  private Path snapshot;
  private HubCache cache;

  @BeforeEach
  void fill() throws IOException {
    Path repository = folder.resolve("models--Owner--Some-Model-1B");
    snapshot = Files.createDirectories(repository.resolve("snapshots", COMMIT));
    Files.createFile(snapshot.resolve("config.json"));
    Files.createFile(snapshot.resolve("model.safetensors"));
    Files.createFile(snapshot.resolve("model-Q8_0.gguf"));
    Files.writeString(Files.createDirectory(repository.resolve("refs")).resolve("main"), COMMIT);
    cache = new HubCache(folder);
  }

  @Test
  void isTheFolderOrFileOfThatName() throws IOException {
    Path file = Files.createFile(folder.resolve("SmolLM2.Q4_1.GGUF"));

    assertThat(find(folder + "/"))
        .isEqualTo(new ModelLocation(folder.getFileName().toString(), folder));
    assertThat(find(file.toString())).isEqualTo(new ModelLocation("SmolLM2.Q4_1", file));
  }

  @Test
  void isInTheCacheUnderItsNameOnTheHub() {
    assertThat(find("Owner/Some-Model-1B"))
        .isEqualTo(new ModelLocation("Owner/Some-Model-1B", snapshot));
    assertThat(find("Owner/Some-Model-1B@" + COMMIT))
        .isEqualTo(new ModelLocation("Owner/Some-Model-1B@" + COMMIT, snapshot));
    assertThat(find("Owner/Some-Model-1B:q8_0"))
        .isEqualTo(
            new ModelLocation(
                "Owner/Some-Model-1B:model-Q8_0.gguf", snapshot.resolve("model-Q8_0.gguf")));
  }

  @Test
  void hasTheNameOnTheHubWhereverTheCacheIs() {
    assertThat(find(snapshot.toString()).name()).isEqualTo("Owner/Some-Model-1B");
  }

  @Test
  void prefersAFolder() throws IOException {
    Path folder = Files.createDirectories(this.folder.resolve("Owner/Some-Model-1B"));

    assertThat(find(folder.toString()).path()).isEqualTo(folder);
  }

  @Test
  void saysHowToDownloadAModelOfTheHub() {
    assertThatThrownBy(() -> find("HuggingFaceTB/SmolLM2-135M@v1"))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "'HuggingFaceTB/SmolLM2-135M@v1': is not cram-tiny, and there is no such folder or"
                + " file, nor has it been downloaded to "
                + folder
                + "; to download it: cram pull HuggingFaceTB/SmolLM2-135M@v1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "none", "a\0b", "/none", "./a/b", "models/m.gguf", "a\\b"})
  void saysWhatThereCouldBeOtherwise(String model) {
    assertThatThrownBy(() -> find(model))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is not cram-tiny, and there is no such folder or file; give a")
        .hasMessageContaining("OWNER/NAME from cram pull");
  }

  private ModelLocation find(String model) {
    return ModelLocation.find(model, cache);
  }
}
