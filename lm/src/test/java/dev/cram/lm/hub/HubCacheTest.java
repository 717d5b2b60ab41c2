package dev.cram.lm.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
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
    cache =
        new HubCache(
            new HubSettings(URI.create("https://hub.test"), folder, Optional.empty(), true, true));
  }

  @Test
  void findsARevisionByItsNameOrItsCommit() throws IOException {
    Path model = Files.createDirectories(folder.resolve("models--a--b/snapshots/" + OLD));
    write("models--a--b/refs/main", OLD);
    write("models--a--b/refs/refs/pr/2", OLD + "\n");

    assertThat(cache.snapshot(ModelReference.of("a/b"))).contains(model);
    assertThat(cache.snapshot(ModelReference.of("a/b@refs/pr/2"))).contains(model);
    assertThat(cache.snapshot(ModelReference.of("a/b@" + OLD))).contains(model);
    assertThat(cache.snapshot(ModelReference.of("a/b@" + NEW))).isEmpty();
    assertThat(cache.snapshot(ModelReference.of("a/b@other"))).isEmpty();
    assertThat(cache.snapshot(ModelReference.of("a/c"))).isEmpty();
  }

  @Test
  void takesNoFolderFromOutside() throws IOException {
    Files.createDirectories(folder.resolve("models--a--b/snapshots/secret"));
    write("models--a--b/refs/main", "secret");

    assertThat(cache.snapshot(ModelReference.of("a/b"))).isEmpty();
    assertThat(cache.snapshots()).isEmpty();
  }

  @Test
  void listsEverySnapshotOnceUnderItsBestName() throws IOException {
    Files.createDirectories(folder.resolve("models--a--b/snapshots/" + OLD));
    Files.createDirectories(folder.resolve("models--a--b/snapshots/" + NEW));
    Files.createDirectories(folder.resolve("models--gpt2/snapshots/" + NEW));
    Files.createDirectories(folder.resolve("datasets--a--b/snapshots/" + NEW));
    Files.createDirectories(folder.resolve(".locks/models--a--b"));
    write("models--a--b/refs/main", NEW);
    write("models--a--b/refs/first", NEW);
    write("models--a--b/refs/v2", NEW);
    write("models--gpt2/refs/v1", NEW);

    assertThat(cache.snapshots())
        .extracting(snapshot -> snapshot.reference().toString())
        .containsExactly("a/b@" + OLD, "a/b", "gpt2@v1");
  }

  @Test
  void isEmptyWithoutAFolder() throws IOException {
    Files.delete(folder);

    assertThat(cache.snapshots()).isEmpty();
    Files.createDirectory(folder);
  }

  private void write(String path, String text) throws IOException {
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
