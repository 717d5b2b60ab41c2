package dev.cram.tensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * Where native libraries are unpacked and loaded from: a folder of this user alone. Left to
 * themselves, the libraries' Java sides fall back to shared temporary folders, in which another
 * user could have put a library of their own.
 */
public final class NativeFolder {
  private static Path folder;

  private NativeFolder() {}

  /**
   * The folder, made if it is missing: {@code cram/native} in the user's cache, or one for this run
   * alone where that cannot be written.
   *
   * @throws UncheckedIOException if neither can be made
   */
  public static synchronized Path get() {
    if (folder == null) {
      folder = find();
    }
    return folder;
  }

  private static Path find() {
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
      throw new UncheckedIOException(
          "native libraries cannot be unpacked to "
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
