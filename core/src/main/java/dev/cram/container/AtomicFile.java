package dev.cram.container;

import dev.cram.lm.InputException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Writes a file completely or not at all: to a temporary file in the same folder, which is then
 * moved into place. On any failure, also when the program is interrupted, the temporary file is
 * removed and an existing file stays as it was.
 */
public final class AtomicFile {

  /** What to write. */
  @FunctionalInterface
  public interface Content {
    /** Writes everything to {@code out} and leaves it open. */
    void writeTo(OutputStream out) throws IOException;
  }

  /** As many as Linux follows. */
  private static final int MOST_LINKS = 40;

  private AtomicFile() {}

  /**
   * Writes {@code content} to {@code path}. A symbolic link stays one, and what it points to is
   * written, also where that does not exist yet; a device or a pipe, which cannot be replaced, is
   * written to directly. What {@code content} throws, other than an {@link IOException}, is thrown
   * on.
   *
   * @throws InputException if the folder is missing, the path is a directory or may not be written,
   *     or writing fails
   */
  public static void write(Path path, Content content) {
    telling(
        path,
        () -> {
          Path target = target(path);
          if (Files.exists(target) && !Files.isRegularFile(target)) {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(target))) {
              content.writeTo(out);
            }
          } else {
            replace(target, content);
          }
        });
  }

  /**
   * Fails where {@link #write} would, before there is anything to write: a file in the same folder
   * is made and removed.
   *
   * @throws InputException as {@link #write} does
   */
  public static void check(Path path) {
    telling(
        path,
        () -> {
          Path target = target(path);
          if (!Files.exists(target) || Files.isRegularFile(target)) {
            Files.delete(Files.createTempFile(target.getParent(), ".cram-", ".tmp"));
          }
        });
  }

  @FunctionalInterface
  private interface FileWork {
    void run() throws IOException;
  }

  private static void telling(Path path, FileWork work) {
    try {
      try {
        work.run();
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    } catch (AccessDeniedException e) {
      throw new InputException(
          path + ": may not be written; change its permissions or choose another output", e);
    } catch (IOException e) {
      throw new InputException(
          path
              + ": cannot be written ("
              + reason(e)
              + "); free some space or choose another output",
          e);
    }
  }

  /** The file that is meant, links followed, in a folder that exists. */
  private static Path target(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw new InputException(path + ": is a directory; give the name of a file to write");
    }
    if (Files.exists(path)) {
      if (!Files.isWritable(path)) {
        throw new AccessDeniedException(path.toString());
      }
      return Files.isRegularFile(path) ? path.toRealPath() : path;
    }
    Path target = path.toAbsolutePath();
    for (int links = 0; Files.isSymbolicLink(target); links++) {
      if (links == MOST_LINKS) {
        throw new FileSystemLoopException(path.toString());
      }
      target = target.resolveSibling(Files.readSymbolicLink(target));
    }
    if (!Files.isDirectory(target.getParent())) {
      throw new InputException(
          path + ": there is no folder " + target.getParent() + "; create it first");
    }
    requirePossibleName(target);
    return target;
  }

  /** A name that is too long only shows when it is looked up. */
  private static void requirePossibleName(Path target) throws IOException {
    try {
      Files.readAttributes(target, BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      // It will be made.
    }
  }

  private static void replace(Path target, Content content) throws IOException {
    String random = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    Path temporary = target.resolveSibling(".cram-" + random + ".tmp");
    Thread onInterrupt = new Thread(() -> delete(temporary));
    try {
      Runtime.getRuntime().addShutdownHook(onInterrupt);
    } catch (IllegalStateException e) {
      throw new InputException(target + ": not written, because the program was interrupted", e);
    }
    try {
      try (FileChannel channel =
              FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
        content.writeTo(out);
        out.flush();
        // Without this a crash may leave the new name with old or no content.
        channel.force(true);
      }
      move(temporary, target);
    } finally {
      delete(temporary);
      forget(onInterrupt);
    }
  }

  private static void move(Path temporary, Path target) throws IOException {
    try {
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static void delete(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      // A left-over temporary file must not hide why writing failed.
    }
  }

  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The program is being interrupted: the hook runs, and finds nothing to delete.
    }
  }

  private static String reason(IOException e) {
    if (e instanceof FileSystemLoopException) {
      return "its symbolic links lead in a circle";
    }
    String reason = e instanceof FileSystemException inFile ? inFile.getReason() : e.getMessage();
    return reason == null ? e.getClass().getSimpleName() : reason;
  }
}
