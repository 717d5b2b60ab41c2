package dev.cram.lm.hub;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;

/**
 * Keeps others from downloading the same file at the same time: this program's other threads, its
 * other processes, and Python's.
 *
 * <p>Python locks with flock(2), which Java's own file locks know nothing of, so the C library is
 * asked. Where it has no such function, or the file system does not lock, nobody is kept out: what
 * is downloaded is checked in any case.
 */
final class BlobLock implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int READ_WRITE = 2;
  private static final int EXCLUSIVE = 2;
  private static final int DO_NOT_WAIT = 4;
  private static final int NONE = -1;

  /** EACCES, and EAGAIN on Linux and on macOS. */
  private static final Set<Integer> HELD_BY_ANOTHER = Set.of(13, 11, 35);

  private final int descriptor;

  private BlobLock(int descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * Takes the lock.
   *
   * @param whenWaiting called once if another has it
   */
  static BlobLock take(Path file, Runnable whenWaiting) throws IOException {
    if (!CLibrary.AVAILABLE) {
      return new BlobLock(NONE);
    }
    try {
      Files.createFile(file);
    } catch (FileAlreadyExistsException e) {
      // Lock files stay: removing one would give others a lock on a file that is no more.
    }
    int descriptor = CLibrary.open(file);
    if (descriptor < 0) {
      return new BlobLock(NONE);
    }
    try {
      for (boolean waiting = false; !CLibrary.lock(descriptor); waiting = true) {
        if (!waiting) {
          whenWaiting.run();
        }
        Patience.sleep(POLL);
      }
      return new BlobLock(descriptor);
    } catch (RuntimeException e) {
      CLibrary.close(descriptor);
      throw e;
    }
  }

  @Override
  public void close() {
    if (descriptor != NONE) {
      CLibrary.close(descriptor);
    }
  }

  /** open(2), flock(2) and close(2). */
  private static final class CLibrary {
    private static final VarHandle ERRNO =
        Linker.Option.captureStateLayout()
            .varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle OPEN =
        function(
            "open",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle FLOCK =
        function(
            "flock",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
            Linker.Option.captureCallState("errno"));
    private static final MethodHandle CLOSE =
        function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    static final boolean AVAILABLE = OPEN != null && FLOCK != null && CLOSE != null;

    private static MethodHandle function(
        String name, FunctionDescriptor descriptor, Linker.Option... options) {
      Linker linker = Linker.nativeLinker();
      return linker
          .defaultLookup()
          .find(name)
          .map(address -> linker.downcallHandle(address, descriptor, options))
          .orElse(null);
    }

    static int open(Path file) {
      try (Arena arena = Arena.ofConfined()) {
        return (int) OPEN.invokeExact(arena.allocateFrom(file.toString()), READ_WRITE);
      } catch (Throwable e) {
        throw new AssertionError("open takes a path and an int and returns an int", e);
      }
    }

    /** Whether the lock is held now, or cannot be had from this file system at all. */
    static boolean lock(int descriptor) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
        int result = (int) FLOCK.invokeExact(state, descriptor, EXCLUSIVE | DO_NOT_WAIT);
        return result == 0 || !HELD_BY_ANOTHER.contains((int) ERRNO.get(state, 0L));
      } catch (Throwable e) {
        throw new AssertionError("flock takes two ints and returns one", e);
      }
    }

    static void close(int descriptor) {
      try {
        int ignored = (int) CLOSE.invokeExact(descriptor);
      } catch (Throwable e) {
        throw new AssertionError("close takes an int and returns one", e);
      }
    }
  }
}
