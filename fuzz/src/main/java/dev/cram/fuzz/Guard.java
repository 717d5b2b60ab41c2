package dev.cram.fuzz;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What every parser must keep to: bad input is told in a line or two, and nothing else happens. */
final class Guard {
  /** A message longer than this quotes more of the input than anybody reads. */
  private static final int LONGEST_MESSAGE = 5_000;

  private Guard() {}

  /** Runs a parser on bad or good input; whatever it throws but an InputException is a finding. */
  static void run(Runnable parser) {
    try {
      parser.run();
    } catch (InputException e) {
      String message = e.getMessage();
      if (message == null || message.isBlank() || message.length() > LONGEST_MESSAGE) {
        throw new AssertionError("a message that nobody can use: " + message, e);
      }
    }
  }

  /** A folder in memory where there is one, for parsers that read files. */
  static Path folder(String name) {
    try {
      Path memory = Path.of("/dev/shm");
      return Files.isWritable(memory)
          ? Files.createTempDirectory(memory, name)
          : Files.createTempDirectory(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes what a parser will read. */
  static Path write(Path file, byte[] bytes) {
    try {
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
