package dev.cram.app;

import dev.cram.container.AtomicFile;
import dev.cram.lm.InputException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Where a result goes: a file that appears only when it is complete, or standard output.
 *
 * <p>What stands in the way of writing shows in {@link #open}, before any long work.
 */
final class OutputTarget {
  /** The argument that stands for standard input or standard output. */
  static final String STANDARD_STREAM = "-";

  private final String argument;
  private final Path file;
  private final boolean replace;

  private OutputTarget(String argument, Path file, boolean replace) {
    this.argument = argument;
    this.file = file;
    this.replace = replace;
  }

  /**
   * Takes what an {@code -o} option names: a file, or {@code -} for standard output.
   *
   * @param replace whether an existing file may be replaced
   * @throws InputException if it exists and may not be replaced, or if nothing can be written there
   */
  static OutputTarget open(String argument, boolean replace) {
    if (argument.equals(STANDARD_STREAM)) {
      return new OutputTarget("standard output", null, true);
    }
    OutputTarget target = new OutputTarget(argument, path(argument), replace);
    target.requireReplaceable();
    target.requireWritable();
    return target;
  }

  /** Its name in messages. */
  String name() {
    return argument;
  }

  boolean isStandardOutput() {
    return file == null;
  }

  /**
   * Writes the whole result.
   *
   * @throws InputException if that fails, or if a file of the name has appeared meanwhile
   */
  void write(byte[] bytes) {
    if (file != null) {
      requireReplaceable();
      AtomicFile.write(file, out -> out.write(bytes));
      return;
    }
    // Unlike System.out, the stream itself reports that nobody reads any more.
    try {
      new FileOutputStream(FileDescriptor.out).write(bytes);
    } catch (IOException e) {
      throw new InputException("cannot write " + argument + ": " + e.getMessage(), e);
    }
  }

  private void requireReplaceable() {
    if (Files.isDirectory(file)) {
      throw new InputException(argument + " is a folder; name a file in it with -o");
    }
    if (!replace && Files.isRegularFile(file)) {
      throw new InputException(
          argument + " exists; name another file with -o, or replace it with --force");
    }
  }

  /** A file in the same folder is made and removed, which is what writing will need. */
  private void requireWritable() {
    Path folder = file.toAbsolutePath().getParent();
    if (!Files.isDirectory(folder)) {
      throw unwritable("its folder " + folder + " does not exist; create it first", null);
    }
    try {
      if (Files.exists(file) && !Files.isWritable(file)) {
        throw new AccessDeniedException(argument);
      }
      requirePossibleName();
      if (!Files.exists(file) || Files.isRegularFile(file)) {
        Files.delete(Files.createTempFile(folder, ".cram-", ".tmp"));
      }
    } catch (AccessDeniedException e) {
      throw unwritable("permission denied; name another file with -o", e);
    } catch (IOException e) {
      boolean told = e instanceof FileSystemException f && f.getReason() != null;
      String reason =
          told ? ((FileSystemException) e).getReason() : "no file can be made in its folder";
      throw unwritable(reason + "; name another file with -o", e);
    }
  }

  /** A name that is too long only shows when it is looked up; there may be no file of it yet. */
  private void requirePossibleName() throws IOException {
    try {
      Files.readAttributes(file, BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      // It will be made.
    }
  }

  private InputException unwritable(String reason, IOException cause) {
    return new InputException("cannot write " + argument + ": " + reason, cause);
  }

  private static Path path(String argument) {
    if (argument.isEmpty()) {
      throw new InputException("the output's name is empty; name a file with -o");
    }
    try {
      return Path.of(argument);
    } catch (InvalidPathException e) {
      throw new InputException(argument + " is not a file name: " + e.getReason(), e);
    }
  }
}
