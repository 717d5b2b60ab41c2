package dev.cram.tensor.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A compiled product {@code y[rows, n] = x[rows, k] * b[k, n] (+ bias[n])} with packed b.
 *
 * <p>x is float32 or bfloat16 without gaps, y is float32 with a row stride of its own, so that
 * several kernels can fill one matrix side by side. Each worker has arguments of its own: any
 * number of workers may execute one kernel at the same time.
 */
public final class MatmulKernel {
  private final MemorySegment primitive;
  private final Arguments[] arguments;

  /** What one worker passes to the primitive. */
  private record Arguments(
      MemorySegment stream,
      MemorySegment x,
      MemorySegment b,
      MemorySegment bias,
      MemorySegment y,
      int count,
      MemorySegment list) {}

  /**
   * Compiles a kernel.
   *
   * @param yStride elements from one row of y to the next, at least {@code n}
   * @param format of b; not {@link WeightFormat#BF16_WIDENED}, whose weights are widened before; x
   *     is bfloat16 for {@link WeightFormat#BF16}, else float32
   * @param workers how many threads may execute it
   * @param arena where the argument lists and scratch memory live
   */
  public MatmulKernel(
      int rows,
      int k,
      int n,
      int yStride,
      WeightFormat format,
      boolean hasBias,
      int workers,
      Arena arena) {
    int type = format == WeightFormat.BF16 ? OneDnn.BF16 : OneDnn.F32;
    MemorySegment packed = Packing.description(k, n, format);
    MemorySegment x = OneDnn.describe(rows, k, type, k, 1);
    MemorySegment y = OneDnn.describe(rows, n, OneDnn.F32, yStride, 1);
    MemorySegment bias = hasBias ? OneDnn.describe(1, n, OneDnn.F32, n, 1) : MemorySegment.NULL;
    MemorySegment descriptor = OneDnn.matmul(x, packed, bias, y);
    primitive = OneDnn.primitive(descriptor);
    MemorySegment scratchpad = OneDnn.query(descriptor, OneDnn.QUERY_SCRATCHPAD);
    long scratchBytes = OneDnn.size(scratchpad);
    arguments = new Arguments[workers];
    for (int worker = 0; worker < workers; worker++) {
      MemorySegment list = arena.allocate(5 * OneDnn.EXEC_ARG_BYTES, 8);
      var xMemory = OneDnn.memory(x);
      var bMemory = OneDnn.memory(packed);
      var yMemory = OneDnn.memory(y);
      var biasMemory = hasBias ? OneDnn.memory(bias) : MemorySegment.NULL;
      int count = 0;
      put(list, count++, OneDnn.ARG_SRC, xMemory);
      put(list, count++, OneDnn.ARG_WEIGHTS, bMemory);
      put(list, count++, OneDnn.ARG_DST, yMemory);
      if (hasBias) {
        put(list, count++, OneDnn.ARG_BIAS, biasMemory);
      }
      if (scratchBytes > 0) {
        var scratchMemory = OneDnn.memory(scratchpad);
        OneDnn.point(scratchMemory, arena.allocate(scratchBytes, 64).address());
        put(list, count++, OneDnn.ARG_SCRATCHPAD, scratchMemory);
      }
      arguments[worker] =
          new Arguments(OneDnn.createStream(), xMemory, bMemory, biasMemory, yMemory, count, list);
    }
    OneDnn.destroyDescription(scratchpad);
    OneDnn.destroyDescriptor(descriptor);
    OneDnn.destroyDescription(x);
    OneDnn.destroyDescription(y);
    if (hasBias) {
      OneDnn.destroyDescription(bias);
    }
  }

  private static void put(MemorySegment list, int index, int argument, MemorySegment memory) {
    list.set(JAVA_INT, index * OneDnn.EXEC_ARG_BYTES, argument);
    list.set(ADDRESS, index * OneDnn.EXEC_ARG_BYTES + 8, memory);
  }

  /** Multiplies on the calling thread. Addresses are native; allocates nothing. */
  public void execute(int worker, long x, long b, long bias, long y) {
    Arguments own = arguments[worker];
    OneDnn.point(own.x, x);
    OneDnn.point(own.b, b);
    OneDnn.point(own.y, y);
    if (!own.bias.equals(MemorySegment.NULL)) {
      OneDnn.point(own.bias, bias);
    }
    OneDnn.execute(primitive, own.stream, own.count, own.list);
  }

  /** Releases what oneDNN holds for this kernel; the arena's memory stays the caller's. */
  public void destroy() {
    for (Arguments own : arguments) {
      for (int i = 0; i < own.count; i++) {
        OneDnn.destroyMemory(own.list.get(ADDRESS, i * OneDnn.EXEC_ARG_BYTES + 8));
      }
      OneDnn.destroyStream(own.stream);
    }
    OneDnn.destroyPrimitive(primitive);
  }
}
