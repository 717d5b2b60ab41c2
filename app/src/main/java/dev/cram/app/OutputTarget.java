package dev.cram.app;

import dev.cram.container.AtomicFile;
import dev.cram.lm.InputException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

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
    AtomicFile.check(target.file);
    target.requireReplaceable();
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
    if (!replace && Files.isRegularFile(file)) {
      throw new InputException(
          argument + " exists; name another file with -o, or replace it with --force");
    }
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
