package dev.cram.app;

import dev.cram.lm.InputException;
import dev.cram.text.Original;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What a command reads: a file, or {@code -} for standard input. */
final class InputSource {
  private InputSource() {}

  /**
   * A file that is read piece by piece.
   *
   * @throws InputException as {@link #readAll} does
   */
  static Original open(String argument) {
    return Original.open(path(argument));
  }

  /**
   * The path that an argument names.
   *
   * @throws InputException if it names none
   */
  static Path path(String argument) {
    if (argument.isEmpty()) {
      throw new InputException("the input's name is empty; name a file, or - for a pipe");
    }
    try {
      return Path.of(argument);
    } catch (InvalidPathException e) {
      throw new InputException("cannot read " + argument + ": " + e.getMessage(), e);
    }
  }

  /**
   * All the bytes of what an argument names.
   *
   * @throws InputException if it does not exist, is a folder, cannot be read or is too large for
   *     one array
   */
  static byte[] readAll(String argument) {
    try {
      if (argument.equals(OutputTarget.STANDARD_STREAM)) {
        return System.in.readAllBytes();
      }
      Path file = path(argument);
      if (Files.isDirectory(file)) {
        throw new InputException(argument + " is a folder; name a file");
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new InputException(argument + " does not exist; name a file, or - for a pipe", e);
    } catch (AccessDeniedException e) {
      throw new InputException(
          "cannot read " + argument + ": permission denied; change its permissions", e);
    } catch (FileSystemException e) {
      throw new InputException("cannot read " + argument + ": " + e.getReason(), e);
    } catch (IOException e) {
      throw new InputException("cannot read " + argument + ": " + e.getMessage(), e);
    } catch (OutOfMemoryError e) {
      throw new InputException(argument + " is too large; at most 2 GB fit", e);
    }
  }
}
