package dev.cram.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  private static final AtomicFile.Content HELLO =
      out -> out.write("hello".getBytes(StandardCharsets.UTF_8));

  @TempDir Path folder;

  @Test
  void createsAndReplacesAFileAndLeavesNothingElse() {
    Path path = folder.resolve("file");

    AtomicFile.write(path, out -> out.write(1));
    AtomicFile.write(path, HELLO);

    assertThat(path).hasContent("hello");
    assertThat(folder.toFile().list()).containsExactly("file");
  }

  @Test
  void anOldContentIsThereUntilTheNewOneIsComplete() throws IOException {
    Path path = Files.writeString(folder.resolve("file"), "old");

    AtomicFile.write(
        path,
        out -> {
          HELLO.writeTo(out);
          out.flush();
          assertThat(path).hasContent("old");
        });

    assertThat(path).hasContent("hello");
  }

  @Test
  void anErrorOfTheContentIsThrownOnAndNothingIsLeft() {
    Path path = folder.resolve("file");

    assertThatThrownBy(() ->
            AtomicFile.write(
                path,
                out -> {
                  throw new IllegalStateException("bug");
                }))
        .isInstanceOf(IllegalStateException.class);

    assertThat(folder.toFile().list()).isEmpty();
  }

  @Test
  void aSymbolicLinkStaysOne() throws IOException {
    Path target = Files.writeString(folder.resolve("target"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link"), target);

    AtomicFile.write(link, HELLO);

    assertThat(link).isSymbolicLink();
    assertThat(target).hasContent("hello");
  }

  @Test
  void aSymbolicLinkToNothingStaysOneAndItsPlaceIsWritten() throws IOException {
    Files.createDirectory(folder.resolve("other"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("other/file"));

    AtomicFile.check(link);
    assertThat(folder.resolve("other")).isEmptyDirectory();
    AtomicFile.write(link, HELLO);

    assertThat(link).isSymbolicLink();
    assertThat(folder.resolve("other/file")).hasContent("hello");
  }

  @Test
  void rejectsLinksThatLeadNowhere() throws IOException {
    Path noFolder = Files.createSymbolicLink(folder.resolve("a"), Path.of("none/file"));
    Path circle = Files.createSymbolicLink(folder.resolve("b"), Path.of("b"));

    assertThatThrownBy(() -> AtomicFile.write(noFolder, HELLO))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("there is no folder " + folder.resolve("none"));
    assertThatThrownBy(() -> AtomicFile.check(circle))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("in a circle");
    assertThat(noFolder).isSymbolicLink();
  }

  @Test
  void checksBeforehandWhatWritingNeeds() {
    Path file = folder.resolve("file");

    AtomicFile.check(file);

    assertThat(folder).isEmptyDirectory();
    assertThatThrownBy(() -> AtomicFile.check(folder.resolve("x".repeat(300))))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("cannot be written");
    assertThatThrownBy(() -> AtomicFile.check(folder))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is a directory");
  }

  @Test
  void aDeviceIsWrittenDirectly() {
    Path device = Path.of("/dev/null");
    assumeTrue(Files.exists(device));

    AtomicFile.write(device, HELLO);

    assertThat(Files.isRegularFile(device)).isFalse();
  }

  @Test
  void rejectsADirectoryAndAMissingFolder() {
    assertThatThrownBy(() -> AtomicFile.write(folder, HELLO))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll(folder.toString(), "is a directory");
    assertThatThrownBy(() -> AtomicFile.write(folder.resolve("none/file"), HELLO))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll("none", "there is no folder");
    assertThatThrownBy(() -> AtomicFile.write(Path.of("/"), HELLO))
        .isInstanceOf(InputException.class);
  }

  @Test
  void rejectsAFileThatMayNotBeWritten() throws IOException {
    Path path = Files.writeString(folder.resolve("file"), "old");
    assertThat(path.toFile().setReadOnly()).isTrue();
    assumeTrue(!Files.isWritable(path), "the superuser may write everything");

    assertThatThrownBy(() -> AtomicFile.write(path, HELLO))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("may not be written");
    assertThat(path).hasContent("old");
  }
}
