package dev.cram.tensor;

import dev.cram.tensor.onednn.Packing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A frozen matrix {@code [k, n]}, packed once for the right-hand side of products.
 *
 * <p>It is cut into slices of columns that are packed one by one: the slices are the parts that
 * workers take. Their widths depend on n alone, never on the number of threads, so a product has
 * the same bits whoever computes it.
 */
public final class PackedMatrix {
  /** Enough for a few workers to share a product evenly; narrower slices would not pay. */
  private static final int TARGET_SLICES = 8;

  private static final int MAX_SLICE_WIDTH = 512;
  private static final int WIDTH_STEP = 64;

  private final int k;
  private final int n;
  private final Precision precision;
  private final int sliceWidth;
  private final long[] sliceAddresses;

  private PackedMatrix(Arena arena, int k, int n, Precision precision) {
    this.k = k;
    this.n = n;
    this.precision = precision;
    int width = Math.ceilDiv(Math.ceilDiv(n, TARGET_SLICES), WIDTH_STEP) * WIDTH_STEP;
    sliceWidth = Math.min(n, Math.min(width, MAX_SLICE_WIDTH));
    sliceAddresses = new long[Math.ceilDiv(n, sliceWidth)];
    long bytes = 0;
    for (int slice = 0; slice < sliceAddresses.length; slice++) {
      sliceAddresses[slice] = bytes;
      bytes += Math.ceilDiv(Packing.bytes(k, width(slice), storedAsBf16()), 64L) * 64;
    }
    long base = LargeMemory.allocate(arena, bytes).address();
    for (int slice = 0; slice < sliceAddresses.length; slice++) {
      sliceAddresses[slice] += base;
    }
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
          if (precision == Precision.BF16 && !storedAsBf16()) {
            packRounded(source, slice, rowStride, colStride);
          } else {
            Packing.pack(
                source,
                k,
                width(slice),
                rowStride,
                colStride,
                storedAsBf16(),
                sliceAddresses[slice]);
          }
        },
        slices());
  }

  /** Float32 storage of bfloat16 values, for processors without bfloat16 products. */
  private void packRounded(long source, int slice, long rowStride, long colStride) {
    try (Arena arena = Arena.ofConfined()) {
      int width = width(slice);
      Matrix rounded = Matrix.allocate(arena, k, width);
      MemorySegment from =
          MemorySegment.ofAddress(source)
              .reinterpret(4 * ((k - 1) * rowStride + (width - 1) * colStride + 1));
      for (int row = 0; row < k; row++) {
        for (int col = 0; col < width; col++) {
          float value =
              from.get(
                  java.lang.foreign.ValueLayout.JAVA_FLOAT,
                  4 * (row * rowStride + col * colStride));
          rounded.set(row, col, BFloat16.round(value));
        }
      }
      Packing.pack(rounded.address(0), k, width, width, 1, false, sliceAddresses[slice]);
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

  /** Whether x must be given as bfloat16; otherwise as float32, see {@link Multiplier#prepare}. */
  boolean storedAsBf16() {
    return precision == Precision.BF16 && Packing.hasBf16();
  }

  int slices() {
    return sliceAddresses.length;
  }

  int sliceWidth() {
    return sliceWidth;
  }

  int width(int slice) {
    return Math.min(sliceWidth, n - slice * sliceWidth);
  }

  long sliceAddress(int slice) {
    return sliceAddresses[slice];
  }
}
