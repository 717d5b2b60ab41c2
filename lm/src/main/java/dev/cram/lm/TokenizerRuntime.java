package dev.cram.lm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * Where the native tokenizers library runs: without the network, from a folder of this user alone.
 *
 * <p>The library's Java side unpacks it below the folder that the property {@code ENGINE_CACHE_DIR}
 * names, and by default reports its use over the network. Left to itself it falls back to a shared
 * temporary folder, in which another user could have put a library of their own.
 */
final class TokenizerRuntime {
  private static final String CACHE = "ENGINE_CACHE_DIR";
  private static boolean prepared;

  private TokenizerRuntime() {}

  static synchronized void prepare() {
    if (prepared) {
      return;
    }
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    if (System.getenv(CACHE) == null && System.getProperty(CACHE) == null) {
      System.setProperty(CACHE, folder().toString());
    }
    prepared = true;
  }

  private static Path folder() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path cache =
        xdg != null && !xdg.isEmpty()
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home"), ".cache");
    // A user without a home has the home "?", which is no place to make folders in.
    if (cache.isAbsolute()) {
      Path folder = cache.resolve("cram").resolve("native");
      try {
        Files.createDirectories(folder);
        if (Files.isWritable(folder)) {
          return folder;
        }
      } catch (IOException e) {
        // A home that cannot be written: unpack for this run alone.
      }
    }
    return temporary();
  }

  private static Path temporary() {
    try {
      Path folder = Files.createTempDirectory("cram-native");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
      return folder;
    } catch (IOException e) {
      throw new InputException(
          "the tokenizers library cannot be unpacked to "
              + System.getProperty("java.io.tmpdir")
              + " ("
              + e.getMessage()
              + "); set XDG_CACHE_HOME to a folder that can be written",
          e);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      // A leftover in the temporary folder is no reason to fail at the end.
    }
  }
}
