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
 * A shared arena for weights and activations, in huge pages where Linux grants them.
 *
 * <p>A step reads every packed weight twice; with pages of 4 KiB that is some hundred thousand
 * misses of the address translation buffer. Matrices of a model are smaller than it takes to fill
 * huge pages one by one, so they are cut from large chunks. What is allocated is zero.
 */
public final class HugePageArena implements Arena {
  private static final long CHUNK = 32L << 20;
  private static final long HUGE_PAGE = 2L << 20;
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

  private final Arena owner = Arena.ofShared();
  private MemorySegment chunk = MemorySegment.NULL;
  private long used;

  private static MethodHandle bind(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return LINUX
        ? linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor)
        : null;
  }

  @Override
  public synchronized MemorySegment allocate(long bytes, long alignment) {
    if (bytes > CHUNK / 2) {
      return map(bytes);
    }
    long from = Math.ceilDiv(used, alignment) * alignment;
    if (from + bytes > chunk.byteSize()) {
      chunk = map(CHUNK);
      from = 0;
    }
    used = from + bytes;
    return chunk.asSlice(from, bytes);
  }

  /** Fresh memory that begins with a huge page. */
  private MemorySegment map(long bytes) {
    if (!LINUX) {
      return owner.allocate(bytes, 64);
    }
    long length = bytes + HUGE_PAGE;
    try {
      var mapped =
          (MemorySegment)
              MMAP.invokeExact(
                  MemorySegment.NULL, length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
      if (mapped.address() == -1) {
        throw new OutOfMemoryError("the system has no " + bytes + " bytes of memory left");
      }
      // Advice only: where it is refused, the pages are small.
      int ignored = (int) MADVISE.invokeExact(mapped, length, MADV_HUGEPAGE);
      MemorySegment all = mapped.reinterpret(length, owner, segment -> unmap(segment, length));
      return all.asSlice(-mapped.address() & HUGE_PAGE - 1, bytes);
    } catch (Error e) {
      throw e;
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

  @Override
  public MemorySegment.Scope scope() {
    return owner.scope();
  }

  @Override
  public void close() {
    owner.close();
  }
}
