package dev.cram.tensor;

import dev.cram.tensor.onednn.Packing;
import dev.cram.tensor.onednn.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A frozen matrix {@code [k, n]}, packed once for the right-hand side of products.
 *
 * <p>It is cut into slices of columns that are packed one by one: the slices are the parts that
 * workers take. Their widths depend on the matrix alone, never on the number of threads, so a
 * product has the same bits whoever computes it.
 */
public final class PackedMatrix {
  private final int k;
  private final int n;
  private final Precision precision;
  private final WeightFormat format;
  private final int sliceWidth;
  private final MemorySegment data;
  private final long sliceStride;
  private final long lastSliceBytes;

  private PackedMatrix(Arena arena, int k, int n, Precision precision) {
    this.k = k;
    this.n = n;
    this.precision = precision;
    this.format = precision == Precision.BF16 ? WeightFormat.ofBf16() : WeightFormat.F32;
    sliceWidth = SliceWidth.of(k, n);
    sliceStride = Math.ceilDiv(Packing.bytes(k, sliceWidth, format), 64L) * 64;
    long before = (slices() - 1) * sliceStride;
    lastSliceBytes = Packing.bytes(k, width(slices() - 1), format);
    data = arena.allocate(before + lastSliceBytes, 64);
  }

  /** Packs {@code transpose(weight)}: weight is {@code [n, k]}, as Hugging Face stores a layer. */
  static PackedMatrix transposed(Arena arena, Matrix weight, Precision precision, Workers workers) {
    var packed = new PackedMatrix(arena, weight.cols(), weight.rows(), precision);
    packed.pack(weight, 1, weight.cols(), workers);
    return packed;
  }

  /** Packs {@code weight}, {@code [k, n]}, as it is. */
  static PackedMatrix of(Arena arena, Matrix weight, Precision precision, Workers workers) {
    var packed = new PackedMatrix(arena, weight.rows(), weight.cols(), precision);
    packed.pack(weight, weight.cols(), 1, workers);
    return packed;
  }

  private void pack(Matrix weight, long rowStride, long colStride, Workers workers) {
    workers.run(
        (slice, worker) -> {
          long source = weight.address(0) + 4L * slice * sliceWidth * colStride;
          if (format == WeightFormat.BF16_WIDENED) {
            packRounded(source, slice, rowStride, colStride);
          } else {
            Packing.pack(source, k, width(slice), rowStride, colStride, format, address(slice));
          }
        },
        slices());
  }

  private void packRounded(long source, int slice, long rowStride, long colStride) {
    try (Arena arena = Arena.ofConfined()) {
      int width = width(slice);
      MemorySegment floats = arena.allocate(Packing.bytes(k, width, WeightFormat.F32), 64);
      Packing.pack(source, k, width, rowStride, colStride, WeightFormat.F32, floats.address());
      BFloat16.convert(floats, 0, data, offset(slice), Math.toIntExact(floats.byteSize() / 4));
    }
  }

  /** Rows, the length of the sums. */
  public int k() {
    return k;
  }

  /** Columns. */
  public int n() {
    return n;
  }

  public Precision precision() {
    return precision;
  }

  WeightFormat format() {
    return format;
  }

  int slices() {
    return Math.ceilDiv(n, sliceWidth);
  }

  int sliceWidth() {
    return sliceWidth;
  }

  int width(int slice) {
    return Math.min(sliceWidth, n - slice * sliceWidth);
  }

  /** The packed slices; one begins at {@link #offset}. */
  MemorySegment data() {
    return data;
  }

  long offset(int slice) {
    return slice * sliceStride;
  }

  /** Bytes of a packed slice, the gap to the next included. */
  long bytes(int slice) {
    return slice == slices() - 1 ? lastSliceBytes : sliceStride;
  }

  long address(int slice) {
    return data.address() + offset(slice);
  }
}
