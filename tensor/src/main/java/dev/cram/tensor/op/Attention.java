package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.onednn.Sgemm;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Causal scaled dot-product attention (Vaswani et al. 2017, eq. 1) with grouped query heads
 * (Ainslie et al. 2023): query head h reads key and value head {@code h / (heads / kvHeads)}. With
 * a sliding window (Beltagy et al. 2020) a row sees the last {@code window} rows only, itself
 * included; older keys and values are not read.
 *
 * <p>Queries, keys and values stand side by side in one matrix {@code [rows, (heads + 2 * kvHeads)
 * * headDim]}, row r being position r of the sequence; so the same matrix is the cache of decoding.
 * Probabilities exist for one block of queries at a time and are computed again in the backward
 * pass.
 *
 * <p>The unit of work is one query head, forward also a block of its queries. An instance holds the
 * scratch memory of one thread.
 */
public final class Attention {
  /** A window that leaves every earlier row visible. */
  public static final int NO_WINDOW = Integer.MAX_VALUE;

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** {@link #forward} on so many rows at a time gives the bits of one call. */
  public static final int QUERY_BLOCK = 64;

  private final int heads;
  private final int kvHeads;
  private final int headDim;
  private final float scale;
  private final int window;

  /** Scores of a block of queries, then their softmax: {@code [QUERY_BLOCK, capacity]}. */
  private MemorySegment probabilities = MemorySegment.NULL;

  /** The gradient to the probabilities, then to the scores: {@code [QUERY_BLOCK, capacity]}. */
  private MemorySegment dProbabilities = MemorySegment.NULL;

  private int capacity;

  /**
   * @param scale what the products of queries and keys are multiplied with, usually {@code 1 /
   *     sqrt(headDim)}
   * @param window how many rows a row sees, itself included; {@link #NO_WINDOW} for all
   */
  public Attention(int heads, int kvHeads, int headDim, float scale, int window) {
    this.heads = heads;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.scale = scale;
    this.window = window;
  }

  /**
   * Attends from the queries of rows {@code from} to {@code to} to the rows before and at them.
   *
   * @param qkv {@code [*, (heads + 2 * kvHeads) * headDim]}
   * @param y {@code [*, heads * headDim]}; columns of this head are written
   */
  public void forward(int head, Matrix qkv, Matrix y, int from, int to) {
    reserve(to - firstVisible(from));
    int keyCol = keyCol(head);
    for (int block = from; block < to; block += QUERY_BLOCK) {
      int end = Math.min(to, block + QUERY_BLOCK);
      int low = firstVisible(block);
      probabilities(head, qkv, block, end, low);
      timesKeyRows(
          1f, probabilities, qkv, keyCol + kvHeads * headDim, y, head * headDim, block, end, low);
    }
  }

  /**
   * The vector-Jacobian product of all rows from 0 to {@code rows}.
   *
   * <p>With {@code P = softmax(scale * Q K^T)} and {@code dP = dY V^T}: {@code dS = P * (dP -
   * rowSum(P * dP))}, {@code dQ = scale * dS K}, {@code dK = scale * dS^T Q}, {@code dV = P^T dY}.
   *
   * @param qkv what {@link #forward} read
   * @param dy {@code [*, heads * headDim]}
   * @param dq gradient to the queries of this head, written from column dqCol on
   * @param dkv gradient to the keys and values that this query head read, written from columns
   *     dkCol and dvCol on; the caller adds up the heads of a group
   */
  public void backward(
      int head,
      Matrix qkv,
      Matrix dy,
      int rows,
      Matrix dq,
      int dqCol,
      Matrix dkv,
      int dkCol,
      int dvCol) {
    reserve(rows);
    int queryCol = head * headDim;
    int keyCol = keyCol(head);
    int valueCol = keyCol + kvHeads * headDim;
    for (int block = 0; block < rows; block += QUERY_BLOCK) {
      int end = Math.min(rows, block + QUERY_BLOCK);
      int low = firstVisible(block);
      probabilities(head, qkv, block, end, low);
      timesTransposedKeyRows(1f, dy, queryCol, qkv, valueCol, dProbabilities, block, end, low);
      addToKeyRows(1f, probabilities, dy, queryCol, dkv, dvCol, block, end, low);
      for (int row = block; row < end; row++) {
        dSoftmax(row - block, firstVisible(row) - low, row + 1 - low, end - low);
      }
      timesKeyRows(scale, dProbabilities, qkv, keyCol, dq, dqCol, block, end, low);
      addToKeyRows(scale, dProbabilities, qkv, queryCol, dkv, dkCol, block, end, low);
    }
  }

  /** The first row that this row sees. */
  private int firstVisible(int row) {
    return Math.max(0, row - window + 1);
  }

  private int keyCol(int head) {
    return (heads + head / (heads / kvHeads)) * headDim;
  }

  private void reserve(int positions) {
    if (positions <= capacity) {
      return;
    }
    // Grown in steps: decoding asks for one position more each time.
    int wanted = Math.max(positions, Math.min(2 * capacity, positions + 256));
    capacity = padded(wanted);
    Arena arena = Arena.ofAuto();
    probabilities = arena.allocate(4L * QUERY_BLOCK * capacity, 64);
    dProbabilities = arena.allocate(4L * QUERY_BLOCK * capacity, 64);
  }

  private static long address(Matrix matrix, int row, int col) {
    return matrix.address(row) + 4L * col;
  }

  /** {@code scores = factor * a * keys^T} for queries block to end and keys low to end. */
  private void timesTransposedKeyRows(
      float factor,
      Matrix a,
      int aCol,
      Matrix keys,
      int keyCol,
      MemorySegment scores,
      int block,
      int end,
      int low) {
    Sgemm.multiply(
        false,
        true,
        end - block,
        end - low,
        headDim,
        factor,
        address(a, block, aCol),
        a.cols(),
        address(keys, low, keyCol),
        keys.cols(),
        0f,
        scores.address(),
        capacity);
  }

  /** {@code y = factor * scores * keys} for queries block to end and keys low to end. */
  private void timesKeyRows(
      float factor,
      MemorySegment scores,
      Matrix keys,
      int keyCol,
      Matrix y,
      int yCol,
      int block,
      int end,
      int low) {
    Sgemm.multiply(
        false,
        false,
        end - block,
        headDim,
        end - low,
        factor,
        scores.address(),
        capacity,
        address(keys, low, keyCol),
        keys.cols(),
        0f,
        address(y, block, yCol),
        y.cols());
  }

  /**
   * {@code keys += factor * scores^T * a} for queries block to end and keys low to end. Keys from
   * {@code block} on have not been seen by any block before and are overwritten.
   */
  private void addToKeyRows(
      float factor,
      MemorySegment scores,
      Matrix a,
      int aCol,
      Matrix keys,
      int keyCol,
      int block,
      int end,
      int low) {
    for (int part = low == block ? 1 : 0; part < 2; part++) {
      int from = part == 0 ? low : block;
      int to = part == 0 ? block : end;
      Sgemm.multiply(
          true,
          false,
          to - from,
          headDim,
          end - block,
          factor,
          scores.address() + 4L * (from - low),
          capacity,
          address(a, block, aCol),
          a.cols(),
          1 - part,
          address(keys, from, keyCol),
          keys.cols());
    }
  }

  /**
   * Fills rows of {@link #probabilities} for queries at positions block to end - 1; their columns
   * are keys from {@code low} on.
   */
  private void probabilities(int head, Matrix qkv, int block, int end, int low) {
    timesTransposedKeyRows(
        scale, qkv, head * headDim, qkv, keyCol(head), probabilities, block, end, low);
    for (int row = block; row < end; row++) {
      softmax(row - block, firstVisible(row) - low, row + 1 - low, end - low);
    }
  }

  /**
   * Softmax of one row of scores over columns {@code first} to {@code last}, what the row sees; the
   * others up to {@code end} become 0.
   */
  private void softmax(int row, int first, int last, int end) {
    MemorySegment p = probabilities;
    long at = 4L * row * capacity;
    int from = first - first % LANES;
    int to = padded(last);
    fill(p, at, from, first, Float.NEGATIVE_INFINITY);
    fill(p, at, last, to, Float.NEGATIVE_INFINITY);
    FloatVector highest = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    for (int j = from; j < to; j += LANES) {
      highest = highest.max(FloatVector.fromMemorySegment(SPECIES, p, at + 4L * j, ORDER));
    }
    float max = highest.reduceLanes(VectorOperators.MAX);
    float inverse = 1f / Exponential.shifted(p, at + 4L * from, to - from, max);
    for (int j = from; j < to; j += LANES) {
      FloatVector.fromMemorySegment(SPECIES, p, at + 4L * j, ORDER)
          .mul(inverse)
          .intoMemorySegment(p, at + 4L * j, ORDER);
    }
    clear(p, at, 0, from);
    clear(p, at, to, end);
  }

  /** Turns one row of dP into dS. */
  private void dSoftmax(int row, int first, int last, int end) {
    MemorySegment p = probabilities;
    MemorySegment dp = dProbabilities;
    long at = 4L * row * capacity;
    int from = first - first % LANES;
    int to = padded(last);
    // The probability is 0 there, but what an earlier pass left may be no number.
    fill(dp, at, last, to, 0f);
    FloatVector sums = FloatVector.zero(SPECIES);
    for (int j = from; j < to; j += LANES) {
      sums =
          FloatVector.fromMemorySegment(SPECIES, p, at + 4L * j, ORDER)
              .fma(FloatVector.fromMemorySegment(SPECIES, dp, at + 4L * j, ORDER), sums);
    }
    float dot = LaneSum.of(sums);
    for (int j = from; j < to; j += LANES) {
      FloatVector.fromMemorySegment(SPECIES, dp, at + 4L * j, ORDER)
          .sub(dot)
          .mul(FloatVector.fromMemorySegment(SPECIES, p, at + 4L * j, ORDER))
          .intoMemorySegment(dp, at + 4L * j, ORDER);
    }
    clear(dp, at, 0, from);
    clear(dp, at, to, end);
  }

  private static int padded(int columns) {
    return Math.ceilDiv(columns, LANES) * LANES;
  }

  /** Sets less than a vector. */
  private static void fill(MemorySegment row, long at, int from, int to, float value) {
    for (int j = from; j < to; j++) {
      row.set(ValueLayout.JAVA_FLOAT, at + 4L * j, value);
    }
  }

  /** Sets columns to 0, beginning at a vector and ending with one. */
  private static void clear(MemorySegment row, long at, int from, int to) {
    for (int j = from; j < to; j += LANES) {
      FloatVector.zero(SPECIES).intoMemorySegment(row, at + 4L * j, ORDER);
    }
  }
}
