package dev.cram.tensor.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentHashMap;

/** The layout in which oneDNN's kernels read a frozen matrix, and the conversion into it. */
public final class Packing {
  /**
   * The row count for which oneDNN is asked what layout it prefers. One layout serves all row
   * counts; text lengths of some hundred tokens are what the time goes into.
   */
  private static final int TYPICAL_ROWS = 64;

  private static final ConcurrentHashMap<Shape, MemorySegment> DESCRIPTIONS =
      new ConcurrentHashMap<>();

  private record Shape(int k, int n, WeightFormat format) {}

  private Packing() {}

  /**
   * The layout that a product with weights of this format prefers.
   *
   * @param format not {@link WeightFormat#BF16_WIDENED}, which no kernel reads
   */
  static MemorySegment description(int k, int n, WeightFormat format) {
    return DESCRIPTIONS.computeIfAbsent(
        new Shape(k, n, format),
        shape -> {
          int type = format == WeightFormat.BF16 ? OneDnn.BF16 : OneDnn.F32;
          MemorySegment x = OneDnn.describe(TYPICAL_ROWS, k, type, k, 1);
          MemorySegment any = OneDnn.describeAny(k, n, type);
          MemorySegment y = OneDnn.describe(TYPICAL_ROWS, n, OneDnn.F32, n, 1);
          try {
            MemorySegment descriptor = OneDnn.matmul(x, any, MemorySegment.NULL, y);
            MemorySegment packed = OneDnn.query(descriptor, OneDnn.QUERY_WEIGHTS);
            OneDnn.destroyDescriptor(descriptor);
            return packed;
          } finally {
            OneDnn.destroyDescription(x);
            OneDnn.destroyDescription(any);
            OneDnn.destroyDescription(y);
          }
        });
  }

  /** Bytes of a packed matrix {@code [k, n]}. */
  public static long bytes(int k, int n, WeightFormat format) {
    return format == WeightFormat.BF16_WIDENED
        ? bytes(k, n, WeightFormat.F32) / 2
        : OneDnn.size(description(k, n, format));
  }

  /**
   * Packs a float32 matrix {@code [k, n]} whose element (i, j) is at {@code source + 4 * (i *
   * rowStride + j * colStride)} to {@code target}, rounding to nearest even for bfloat16. Runs on
   * the calling thread.
   *
   * @param format not {@link WeightFormat#BF16_WIDENED}: that is {@code F32}, rounded element by
   *     element
   */
  public static void pack(
      long source, int k, int n, long rowStride, long colStride, WeightFormat format, long target) {
    MemorySegment from = OneDnn.describe(k, n, OneDnn.F32, rowStride, colStride);
    MemorySegment descriptor = OneDnn.reorder(from, description(k, n, format));
    MemorySegment primitive = OneDnn.primitive(descriptor);
    MemorySegment scratchpad = OneDnn.query(descriptor, OneDnn.QUERY_SCRATCHPAD);
    MemorySegment fromMemory = OneDnn.memory(from);
    MemorySegment toMemory = OneDnn.memory(description(k, n, format));
    MemorySegment scratchMemory = OneDnn.memory(scratchpad);
    MemorySegment stream = OneDnn.createStream();
    try (Arena arena = Arena.ofConfined()) {
      OneDnn.point(fromMemory, source);
      OneDnn.point(toMemory, target);
      OneDnn.point(scratchMemory, arena.allocate(OneDnn.size(scratchpad) + 64, 64).address());
      MemorySegment list = arena.allocate(3 * OneDnn.EXEC_ARG_BYTES, 8);
      int[] arguments = {OneDnn.ARG_SRC, OneDnn.ARG_DST, OneDnn.ARG_SCRATCHPAD};
      MemorySegment[] memories = {fromMemory, toMemory, scratchMemory};
      for (int i = 0; i < 3; i++) {
        list.set(JAVA_INT, i * OneDnn.EXEC_ARG_BYTES, arguments[i]);
        list.set(ADDRESS, i * OneDnn.EXEC_ARG_BYTES + 8, memories[i]);
      }
      OneDnn.execute(primitive, stream, OneDnn.size(scratchpad) > 0 ? 3 : 2, list);
    } finally {
      OneDnn.destroyMemory(fromMemory);
      OneDnn.destroyMemory(toMemory);
      OneDnn.destroyMemory(scratchMemory);
      OneDnn.destroyStream(stream);
      OneDnn.destroyPrimitive(primitive);
      OneDnn.destroyDescriptor(descriptor);
      OneDnn.destroyDescription(scratchpad);
      OneDnn.destroyDescription(from);
    }
  }
}
