package dev.cram.tensor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeFolderTest {
  @TempDir Path folder;

  @Test
  void isInTheUsersCache() throws Exception {
    Path found = Path.of(found(folder.toString()));

    assertThat(found).isEqualTo(folder.resolve("cram/native")).isDirectory();
  }

  @Test
  void isOfOneRunAloneWhereTheCacheCannotBeWritten() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "no folder");
    Path found = Path.of(found(file + "/cache"));

    assertThat(found.getFileName().toString()).startsWith("cram-native");
    assertThat(found).doesNotExist();
    assertThat(file).hasContent("no folder");
  }

  /** What a process of its own finds with that cache of the user. */
  private static String found(String cache) throws Exception {
    ProcessBuilder java =
        new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "-cp",
            System.getProperty("java.class.path"),
            Finder.class.getName());
    java.environment().put("XDG_CACHE_HOME", cache);
    Process process = java.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    assertThat(process.waitFor()).isZero();
    return said;
  }

  /** Says which folder it is. */
  static final class Finder {
    public static void main(String[] args) {
      System.out.println(NativeFolder.get());
    }
  }
}
