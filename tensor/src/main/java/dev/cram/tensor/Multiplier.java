package dev.cram.tensor;

import dev.cram.tensor.onednn.MatmulKernel;
import dev.cram.tensor.onednn.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Multiplies rows with packed matrices on a team of workers.
 *
 * <p>Kernels are compiled the first time a number of rows is seen and kept; after that a product
 * allocates nothing. One thread at a time may use an instance.
 */
public final class Multiplier implements AutoCloseable {
  private final Workers workers;
  private final int maxRows;
  private final Arena arena = new HugePageArena();
  private final Map<Shape, MatmulKernel> kernels = new HashMap<>();
  private final Map<PackedMatrix, Kernels[]> kernelsByRows = new IdentityHashMap<>();
  private final Workers.Task multiplySlice = this::multiplySlice;
  private final Workers.Task prepareRow = this::prepareRow;

  /** Per worker, the slice that it multiplies with, as float32. */
  private final MemorySegment[] widened;

  private Arena preparedArena = Arena.ofShared();
  private MemorySegment prepared = MemorySegment.NULL;
  private Matrix input;
  private int firstRow;
  private PackedMatrix packed;
  private Kernels current;
  private long x;
  private long bias;
  private long y;

  private record Shape(int rows, int k, int n, int yStride, WeightFormat format, boolean bias) {}

  /**
   * The kernel of all slices but the last, and that of the last, which may be narrower.
   *
   * @param widen whether they read slices as float32 that are stored as bfloat16
   */
  private record Kernels(MatmulKernel slice, MatmulKernel lastSlice, boolean widen) {}

  /**
   * @param maxRows the most rows of one product
   */
  public Multiplier(Workers workers, int maxRows) {
    this.workers = workers;
    this.maxRows = maxRows;
    widened = new MemorySegment[workers.threads()];
    Arrays.fill(widened, MemorySegment.NULL);
  }

  /**
   * Computes {@code y[r] = x[r] * b (+ bias)} for rows {@code from} to {@code to}.
   *
   * @param x {@code [*, k]}
   * @param b {@code [k, n]}
   * @param bias {@code [1, n]}, or null
   * @param y {@code [*, n]}, rows at the same indices as in x
   * @throws IllegalArgumentException if the shapes do not fit or there are too many rows
   * @throws IndexOutOfBoundsException if x or y has no such rows
   */
  public void multiply(Matrix x, PackedMatrix b, Matrix bias, Matrix y, int from, int to) {
    multiply(x, from, b, bias, y, from, to - from);
  }

  /** As above, with rows of x from {@code xRow} on and rows of y from {@code yRow} on. */
  public void multiply(
      Matrix x, int xRow, PackedMatrix b, Matrix bias, Matrix y, int yRow, int rows) {
    if (x.cols() != b.k()
        || y.cols() != b.n()
        || (bias != null && bias.cols() != b.n())
        || rows > maxRows) {
      throw new IllegalArgumentException(
          rows
              + " rows of "
              + x
              + " times ["
              + b.k()
              + " x "
              + b.n()
              + "] into "
              + y
              + " with at most "
              + maxRows
              + " rows");
    }
    if (rows <= 0) {
      return;
    }
    // Native code would read and write beyond the matrices without a word.
    Objects.checkFromIndexSize(xRow, rows, x.rows());
    Objects.checkFromIndexSize(yRow, rows, y.rows());
    this.packed = b;
    this.current = kernels(b, rows, bias != null);
    this.bias = bias == null ? 0 : bias.address(0);
    this.y = y.address(yRow);
    this.x = b.precision() == Precision.F32 ? x.address(xRow) : prepare(x, xRow, rows);
    workers.run(multiplySlice, b.slices());
    this.input = null;
  }

  private void multiplySlice(int slice, int worker) {
    MatmulKernel kernel = slice == packed.slices() - 1 ? current.lastSlice : current.slice;
    long columns = 4L * slice * packed.sliceWidth();
    long weights = current.widen ? widen(slice, worker) : packed.address(slice);
    kernel.execute(worker, x, weights, bias + columns, y + columns);
  }

  private long widen(int slice, int worker) {
    MemorySegment floats = widened[worker];
    int count = Math.toIntExact(packed.bytes(slice) / 2);
    BFloat16.widen(packed.data(), packed.offset(slice), floats, 0, count);
    return floats.address();
  }

  /** Rounds the input rows to bfloat16, in the storage that the kernels read. */
  private long prepare(Matrix x, int xRow, int rows) {
    long bytes = 4L * rows * x.cols();
    if (prepared.byteSize() < bytes) {
      // Not for the most rows at once: of the widest matrix, the logits, only some exist at a time.
      long room = Math.min(2 * bytes, 4L * maxRows * x.cols());
      preparedArena.close();
      preparedArena = Arena.ofShared();
      prepared = preparedArena.allocate(room, 64);
    }
    input = x;
    firstRow = xRow;
    workers.run(prepareRow, rows);
    return prepared.address();
  }

  private void prepareRow(int row, int worker) {
    int cols = input.cols();
    long from = input.offset(firstRow + row);
    if (packed.format() == WeightFormat.BF16) {
      BFloat16.convert(input.data(), from, prepared, 2L * row * cols, cols);
    } else {
      BFloat16.round(input.data(), from, prepared, 4L * row * cols, cols);
    }
  }

  private Kernels kernels(PackedMatrix b, int rows, boolean hasBias) {
    Kernels[] byRows = kernelsByRows.get(b);
    if (byRows == null) {
      byRows = new Kernels[2 * (maxRows + 1)];
      kernelsByRows.put(b, byRows);
    }
    int index = 2 * rows + (hasBias ? 1 : 0);
    Kernels found = byRows[index];
    if (found == null) {
      boolean widen = b.format() == WeightFormat.BF16_WIDENED;
      if (widen) {
        reserveWidened(b);
      }
      WeightFormat format = widen ? WeightFormat.F32 : b.format();
      found =
          new Kernels(
              kernel(b, rows, b.width(0), format, hasBias),
              kernel(b, rows, b.width(b.slices() - 1), format, hasBias),
              widen);
      byRows[index] = found;
    }
    return found;
  }

  /**
   * Makes room for a widened slice of bfloat16 weights. oneDNN has kernels that read such weights
   * beside float32 inputs, but read as float32 kernels lay them out they gave wrong results for
   * more than 512 inputs (3.11).
   */
  private void reserveWidened(PackedMatrix b) {
    long bytes = 2 * b.bytes(0);
    for (int worker = 0; worker < widened.length; worker++) {
      if (widened[worker].byteSize() < bytes) {
        widened[worker] = arena.allocate(bytes, 64);
      }
    }
  }

  private MatmulKernel kernel(
      PackedMatrix b, int rows, int width, WeightFormat format, boolean hasBias) {
    return kernels.computeIfAbsent(
        new Shape(rows, b.k(), width, b.n(), format, hasBias),
        s ->
            new MatmulKernel(
                s.rows, s.k, s.n, s.yStride, s.format, s.bias, workers.threads(), arena));
  }

  /** Releases the kernels and their scratch memory. */
  @Override
  public void close() {
    kernels.values().forEach(MatmulKernel::destroy);
    kernels.clear();
    kernelsByRows.clear();
    preparedArena.close();
    arena.close();
  }
}
