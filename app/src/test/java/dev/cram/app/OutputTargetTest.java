package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputTargetTest {
  private static final byte[] RESULT = {1, 2, 3};

  @TempDir private Path folder;

  @Test
  void writesAFileAndNothingBeside() throws IOException {
    OutputTarget target = OutputTarget.open(folder.resolve("new").toString(), false);
    assertThat(folder).isEmptyDirectory();

    target.write(RESULT);

    assertThat(folder.resolve("new")).hasBinaryContent(RESULT);
    assertThat(folder.toFile().list()).containsExactly("new");
  }

  @Test
  void refusesAnExistingFileUnlessForced() throws IOException {
    Path file = Files.writeString(folder.resolve("old"), "old");

    assertThatThrownBy(() -> OutputTarget.open(file.toString(), false))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("old exists")
        .hasMessageContaining("--force");
    assertThat(file).hasContent("old");

    OutputTarget.open(file.toString(), true).write(RESULT);
    assertThat(file).hasBinaryContent(RESULT);
  }

  @Test
  void refusesAFileThatAppearedMeanwhile() throws IOException {
    Path file = folder.resolve("soon");
    OutputTarget target = OutputTarget.open(file.toString(), false);
    Files.writeString(file, "someone else's");

    assertThatThrownBy(() -> target.write(RESULT)).hasMessageContaining("--force");
    assertThat(file).hasContent("someone else's");
  }

  @Test
  void noticesAtOnceThatNothingCanBeWritten() {
    assertThatThrownBy(() -> OutputTarget.open(folder + "/none/file", false))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("there is no folder " + folder.resolve("none"));
    assertThatThrownBy(() -> OutputTarget.open(folder.toString(), true))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is a directory");
  }

  @Test
  void writesThroughASymbolicLink() throws IOException {
    Path file = Files.writeString(folder.resolve("old"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);

    OutputTarget.open(link.toString(), true).write(RESULT);

    assertThat(file).hasBinaryContent(RESULT);
    assertThat(link).isSymbolicLink();
  }
}
