package dev.cram.app;

import dev.cram.container.AtomicFile;
import dev.cram.lm.InputException;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

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
    write(out -> out.write(bytes));
  }

  /**
   * Writes the whole result. What {@code content} throws, other than an {@link IOException}, is
   * thrown on; a file is then left as it was, and standard output has what was written until then.
   *
   * @throws InputException if that fails, or if a file of the name has appeared meanwhile
   */
  void write(AtomicFile.Content content) {
    if (file != null) {
      requireReplaceable();
      AtomicFile.write(file, content);
      return;
    }
    // Unlike System.out, the stream itself reports that nobody reads any more.
    try {
      OutputStream out =
          new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16);
      content.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new InputException("cannot write " + argument + ": " + e.getMessage(), e);
    }
  }

  /**
   * Where work on this output is kept until it is done: beside it. Nothing for an output that is
   * not a file.
   */
  Optional<Path> journal() {
    return file == null || (Files.exists(file) && !Files.isRegularFile(file))
        ? Optional.empty()
        : Optional.of(file.resolveSibling(file.getFileName() + ".journal"));
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
