package dev.cram.tensor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Memory for weights and activations: zeroed, 64-byte aligned, and from some megabytes on in huge
 * pages where Linux grants them.
 *
 * <p>A step reads every packed weight twice; with pages of 4 KiB that is some hundred thousand
 * misses of the address translation buffer.
 */
final class LargeMemory {
  private static final long WORTH_MAPPING = 4L << 20;
  private static final boolean LINUX = System.getProperty("os.name").equals("Linux");

  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final int MADV_HUGEPAGE = 14;

  private static final MethodHandle MMAP =
      bind(
          "mmap",
          FunctionDescriptor.of(
              ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MUNMAP =
      bind("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle MADVISE =
      bind("madvise", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

  private LargeMemory() {}

  private static MethodHandle bind(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return LINUX
        ? linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor)
        : null;
  }

  /** Allocates memory that is freed with the arena. */
  static MemorySegment allocate(Arena arena, long bytes) {
    if (!LINUX || bytes < WORTH_MAPPING) {
      return arena.allocate(bytes, 64);
    }
    try {
      var mapped =
          (MemorySegment)
              MMAP.invokeExact(
                  MemorySegment.NULL, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
      if (mapped.address() == -1) {
        return arena.allocate(bytes, 64);
      }
      // Advice only: where it is refused, the pages are small.
      int ignored = (int) MADVISE.invokeExact(mapped, bytes, MADV_HUGEPAGE);
      return mapped.reinterpret(bytes, arena, segment -> unmap(segment, bytes));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static void unmap(MemorySegment segment, long bytes) {
    try {
      int ignored = (int) MUNMAP.invokeExact(segment, bytes);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
