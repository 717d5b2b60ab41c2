package dev.cram.lm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubCacheTest {
  private static final String OLD = "a".repeat(40);
  private static final String NEW = "b".repeat(40);

  @TempDir private Path folder;
  private HubCache cache;

  @BeforeEach
  void open() {
    cache = new HubCache(folder);
  }

  @Test
  void findsARevisionByItsNameOrItsCommit() throws IOException {
    Path model = model("models--a--b", OLD, "config.json", "model.safetensors");
    write("models--a--b/refs/main", OLD);
    write("models--a--b/refs/refs/pr/2", OLD + "\n");

    assertThat(find("a/b")).contains(model);
    assertThat(find("a/b@refs/pr/2")).contains(model);
    assertThat(find("a/b@" + OLD)).contains(model);
    assertThat(find("a/b@" + NEW)).isEmpty();
    assertThat(find("a/b@other")).isEmpty();
    assertThat(find("a/c")).isEmpty();
  }

  @Test
  void takesNoFolderFromOutside() throws IOException {
    model("models--a--b", "secret", "config.json", "model.safetensors");
    write("models--a--b/refs/main", "secret");

    assertThat(find("a/b")).isEmpty();
    assertThat(cache.models()).isEmpty();
  }

  @Test
  void findsGgufFiles() throws IOException {
    Path model = model("models--a--b", NEW, "x-Q4_0.gguf", "q8/x-Q8_0.gguf");
    write("models--a--b/refs/main", NEW);

    assertThat(find("a/b:q4_0")).contains(model.resolve("x-Q4_0.gguf"));
    assertThat(find("a/b:q8/x-Q8_0.gguf")).contains(model.resolve("q8/x-Q8_0.gguf"));
    assertThatThrownBy(() -> find("a/b")).hasMessageContaining("several GGUF files");
    assertThatThrownBy(() -> find("a/b:Q2_K")).hasMessageContaining("run: cram pull a/b:Q2_K");
  }

  @Test
  void saysThatADownloadIsNotComplete() throws IOException {
    model("models--a--b", NEW, "config.json", "tokenizer.json");
    write("models--a--b/refs/v1", NEW);

    assertThatThrownBy(() -> find("a/b@v1"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("run: cram pull a/b@v1");
  }

  @Test
  void listsEverySnapshotOnceUnderItsBestName() throws IOException {
    model("models--a--b", OLD, "config.json");
    model("models--a--b", NEW, "config.json", "model.safetensors", "x.gguf", "y.gguf");
    model("models--gpt2", NEW, "x.gguf");
    model("datasets--a--b", NEW, "config.json");
    Files.createDirectories(folder.resolve(".locks/models--a--b"));
    write("models--a--b/refs/main", NEW);
    write("models--a--b/refs/first", NEW);
    write("models--a--b/refs/v2", NEW);
    write("models--gpt2/refs/v1", NEW);

    assertThat(cache.models())
        .extracting(model -> model.reference().toString())
        .containsExactly("a/b@" + OLD, "a/b", "a/b:x.gguf", "a/b:y.gguf", "gpt2@v1:x.gguf");
  }

  @Test
  void isEmptyWithoutAFolder() throws IOException {
    Files.delete(folder);

    assertThat(cache.models()).isEmpty();
    Files.createDirectory(folder);
  }

  private Optional<Path> find(String reference) {
    return cache.find(ModelReference.of(reference)).map(CachedModel::path);
  }

  private Path model(String repository, String commit, String... files) throws IOException {
    for (String file : files) {
      write(repository + "/snapshots/" + commit + "/" + file, "");
    }
    return folder.resolve(repository, "snapshots", commit);
  }

  private void write(String path, String text) throws IOException {
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
