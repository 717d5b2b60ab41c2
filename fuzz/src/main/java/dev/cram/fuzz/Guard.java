package dev.cram.fuzz;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What every parser must keep to: bad input is told in a line or two, and nothing else happens. */
final class Guard {
  /** A message longer than this quotes more of the input than anybody reads. */
  private static final int LONGEST_MESSAGE = 2_100;

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

  /** A folder in memory where there is one, for parsers that read files; removed at the end. */
  static Path folder(String name) {
    try {
      Path memory = Path.of("/dev/shm");
      Path folder =
          Files.isWritable(memory)
              ? Files.createTempDirectory(memory, name)
              : Files.createTempDirectory(name);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      // What is left in a folder for temporary files does no harm.
    }
  }

  /** A copy of one of the small models of the tests, but for one file. */
  static Path copyOf(String model, String without) {
    Path folder = folder("cram-fuzz-" + model);
    Path from =
        Path.of(System.getProperty("cram.root", "."), "lm/src/test/resources/fixtures", model);
    try {
      for (String file : List.of("config.json", "model.safetensors", "tokenizer.json")) {
        if (!file.equals(without)) {
          Files.copy(from.resolve(file), folder.resolve(file));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return folder;
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
