package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
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
 * <p>The unit of work is one query head. An instance holds the scratch memory of one thread.
 */
public final class Attention {
  /** A window that leaves every earlier row visible. */
  public static final int NO_WINDOW = Integer.MAX_VALUE;

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int QUERY_BLOCK = 32;

  /** Blocks of scores begin at a multiple of this, so that their vectors are aligned. */
  private static final int KEY_STEP = BlockProduct.padColumns(1);

  private final int heads;
  private final int kvHeads;
  private final int headDim;
  private final float scale;
  private final int window;

  /** Row stride of the {@code [*, headDim]} scratch arrays. */
  private final int headStride;

  private float[] keysTransposed = {};
  private float[] keys = {};
  private float[] values = {};
  private float[] valuesTransposed = {};
  private float[] probabilities = {};
  private float[] dProbabilities = {};
  private float[] dKeys = {};
  private float[] dValues = {};
  private final float[] queries;
  private final float[] dQueries;
  private final float[] output;
  private final float[] dOutput;

  /** Room for this many positions in the scratch arrays that grow with the sequence. */
  private int capacity;

  /** The row that stands first in those arrays. */
  private int base;

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
    headStride = BlockProduct.padColumns(headDim);
    queries = new float[QUERY_BLOCK * headStride];
    dQueries = new float[QUERY_BLOCK * headStride];
    output = new float[QUERY_BLOCK * headStride];
    dOutput = new float[QUERY_BLOCK * headStride];
  }

  /**
   * Attends from the queries of rows {@code from} to {@code to} to the rows before and at them.
   *
   * @param qkv {@code [*, (heads + 2 * kvHeads) * headDim]}
   * @param y {@code [*, heads * headDim]}; columns of this head are written
   */
  public void forward(int head, Matrix qkv, Matrix y, int from, int to) {
    base = firstVisible(from);
    reserve(to - base);
    int keyCol = keyCol(head);
    transpose(qkv, keyCol, to, keysTransposed);
    load(qkv, keyCol + kvHeads * headDim, base, to, values, 1f);
    for (int block = from; block < to; block += QUERY_BLOCK) {
      int end = Math.min(to, block + QUERY_BLOCK);
      int low = firstKey(block);
      load(qkv, head * headDim, block, end, queries, scale);
      probabilities(block, end, low);
      timesKeyRows(probabilities, values, output, block, end, low);
      store(output, end - block, y, head * headDim, block);
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
    base = 0;
    reserve(rows);
    int keyCol = keyCol(head);
    int valueCol = keyCol + kvHeads * headDim;
    transpose(qkv, keyCol, rows, keysTransposed);
    transpose(qkv, valueCol, rows, valuesTransposed);
    load(qkv, keyCol, 0, rows, keys, 1f);
    Arrays.fill(dKeys, 0, rows * headStride, 0f);
    Arrays.fill(dValues, 0, rows * headStride, 0f);
    for (int block = 0; block < rows; block += QUERY_BLOCK) {
      int end = Math.min(rows, block + QUERY_BLOCK);
      int count = end - block;
      int low = firstKey(block);
      load(qkv, head * headDim, block, end, queries, scale);
      load(dy, head * headDim, block, end, dOutput, 1f);
      probabilities(block, end, low);
      timesKeyColumns(dOutput, valuesTransposed, dProbabilities, block, end, low);
      addToKeyRows(probabilities, dOutput, dValues, block, end, low);
      for (int row = block; row < end; row++) {
        int at = (row - block) * capacity - low;
        int first = firstVisible(row);
        dSoftmax(at + first, row + 1 - first);
        mask(dProbabilities, at, low, first, row + 1, end);
      }
      timesKeyRows(dProbabilities, keys, dQueries, block, end, low);
      addToKeyRows(dProbabilities, queries, dKeys, block, end, low);
      scale(dQueries, count * headStride);
      store(dQueries, count, dq, dqCol, block);
    }
    store(dKeys, rows, dkv, dkCol, 0);
    store(dValues, rows, dkv, dvCol, 0);
  }

  /** The first row that this row sees. */
  private int firstVisible(int row) {
    return Math.max(0, row - window + 1);
  }

  /** The row of the first score that is computed for a block of queries. */
  private int firstKey(int block) {
    int first = firstVisible(block) - base;
    return base + first - first % KEY_STEP;
  }

  private int keyCol(int head) {
    return (heads + head / (heads / kvHeads)) * headDim;
  }

  private void reserve(int positions) {
    if (positions <= capacity) {
      return;
    }
    // Grown in steps: decoding asks for one position more each time.
    capacity =
        BlockProduct.padColumns(Math.max(positions, Math.min(2 * capacity, positions + 256)));
    int byPosition = capacity * headStride;
    keysTransposed = new float[BlockProduct.padRows(headDim) * capacity];
    valuesTransposed = new float[BlockProduct.padRows(headDim) * capacity];
    keys = new float[byPosition];
    values = new float[byPosition];
    dKeys = new float[byPosition];
    dValues = new float[byPosition];
    probabilities = new float[QUERY_BLOCK * capacity];
    dProbabilities = new float[QUERY_BLOCK * capacity];
  }

  /** {@code c[queries, keys] = a[queries, headDim] * b[headDim, keys]} for keys low to end. */
  private void timesKeyColumns(float[] a, float[] b, float[] c, int block, int end, int low) {
    BlockProduct.multiply(
        a,
        0,
        headStride,
        1,
        b,
        low - base,
        capacity,
        c,
        0,
        capacity,
        end - block,
        end - low,
        headDim,
        false);
  }

  /** {@code c[queries, headDim] = a[queries, keys] * b[keys, headDim]} for keys low to end. */
  private void timesKeyRows(float[] a, float[] b, float[] c, int block, int end, int low) {
    BlockProduct.multiply(
        a,
        0,
        capacity,
        1,
        b,
        (low - base) * headStride,
        headStride,
        c,
        0,
        headStride,
        end - block,
        headDim,
        end - low,
        false);
  }

  /** {@code c[keys, headDim] += a[queries, keys]^T * b[queries, headDim]} for keys low to end. */
  private void addToKeyRows(float[] a, float[] b, float[] c, int block, int end, int low) {
    BlockProduct.multiply(
        a,
        0,
        1,
        capacity,
        b,
        0,
        headStride,
        c,
        (low - base) * headStride,
        headStride,
        end - low,
        headDim,
        end - block,
        true);
  }

  /**
   * Fills rows of {@link #probabilities} for queries at positions block to end - 1; their columns
   * are keys from {@code low} on.
   */
  private void probabilities(int block, int end, int low) {
    timesKeyColumns(queries, keysTransposed, probabilities, block, end, low);
    for (int row = block; row < end; row++) {
      int at = (row - block) * capacity - low;
      int first = firstVisible(row);
      softmax(at + first, row + 1 - first);
      mask(probabilities, at, low, first, row + 1, end);
    }
  }

  /** Clears what a row does not see: the keys from low to first, and those from last to end. */
  private static void mask(float[] scores, int at, int low, int first, int last, int end) {
    for (int key = low; key < first; key++) {
      scores[at + key] = 0f;
    }
    for (int key = last; key < end; key++) {
      scores[at + key] = 0f;
    }
  }

  /** Softmax over {@code visible} scores. */
  private void softmax(int at, int visible) {
    float[] p = probabilities;
    int bound = SPECIES.loopBound(visible);
    FloatVector highest = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    for (int j = 0; j < bound; j += SPECIES.length()) {
      highest = highest.max(FloatVector.fromArray(SPECIES, p, at + j));
    }
    float max = highest.reduceLanes(VectorOperators.MAX);
    for (int j = bound; j < visible; j++) {
      max = Math.max(max, p[at + j]);
    }
    FloatVector sums = FloatVector.zero(SPECIES);
    for (int j = 0; j < bound; j += SPECIES.length()) {
      FloatVector e = Exponential.exp(FloatVector.fromArray(SPECIES, p, at + j).sub(max));
      e.intoArray(p, at + j);
      sums = sums.add(e);
    }
    float sum = LaneSum.of(sums);
    for (int j = bound; j < visible; j++) {
      p[at + j] = Exponential.exp(p[at + j] - max);
      sum += p[at + j];
    }
    float inverse = 1f / sum;
    for (int j = 0; j < bound; j += SPECIES.length()) {
      FloatVector.fromArray(SPECIES, p, at + j).mul(inverse).intoArray(p, at + j);
    }
    for (int j = bound; j < visible; j++) {
      p[at + j] *= inverse;
    }
  }

  /** Turns {@code visible} elements of dP into dS. */
  private void dSoftmax(int at, int visible) {
    float[] p = probabilities;
    float[] dp = dProbabilities;
    int bound = SPECIES.loopBound(visible);
    FloatVector sums = FloatVector.zero(SPECIES);
    for (int j = 0; j < bound; j += SPECIES.length()) {
      sums =
          FloatVector.fromArray(SPECIES, p, at + j)
              .fma(FloatVector.fromArray(SPECIES, dp, at + j), sums);
    }
    float dot = LaneSum.of(sums);
    for (int j = bound; j < visible; j++) {
      dot += p[at + j] * dp[at + j];
    }
    for (int j = 0; j < bound; j += SPECIES.length()) {
      FloatVector.fromArray(SPECIES, dp, at + j)
          .sub(dot)
          .mul(FloatVector.fromArray(SPECIES, p, at + j))
          .intoArray(dp, at + j);
    }
    for (int j = bound; j < visible; j++) {
      dp[at + j] = p[at + j] * (dp[at + j] - dot);
    }
  }

  private void scale(float[] x, int count) {
    for (int i = 0; i < count; i++) {
      x[i] *= scale;
    }
  }

  /** Copies head columns of rows {@code from} to {@code to}, times a factor, to scratch rows. */
  private void load(Matrix source, int col, int from, int to, float[] target, float factor) {
    MemorySegment data = source.data();
    for (int row = from; row < to; row++) {
      int at = (row - from) * headStride;
      MemorySegment.copy(
          data, ValueLayout.JAVA_FLOAT, source.offset(row) + 4L * col, target, at, headDim);
      if (factor != 1f) {
        for (int i = at; i < at + headDim; i++) {
          target[i] *= factor;
        }
      }
    }
  }

  /** Copies head columns of rows base to {@code to} to {@code [headDim, capacity]}. */
  private void transpose(Matrix source, int col, int to, float[] target) {
    MemorySegment data = source.data();
    for (int row = base; row < to; row++) {
      long from = source.offset(row) + 4L * col;
      for (int i = 0; i < headDim; i++) {
        target[i * capacity + row - base] = data.get(ValueLayout.JAVA_FLOAT, from + 4L * i);
      }
    }
  }

  private void store(float[] source, int rows, Matrix target, int col, int firstRow) {
    MemorySegment data = target.data();
    for (int row = 0; row < rows; row++) {
      MemorySegment.copy(
          source,
          row * headStride,
          data,
          ValueLayout.JAVA_FLOAT,
          target.offset(firstRow + row) + 4L * col,
          headDim);
    }
  }
}
