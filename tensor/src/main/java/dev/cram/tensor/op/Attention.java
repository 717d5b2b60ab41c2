package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Causal scaled dot-product attention (Vaswani et al. 2017, eq. 1) with grouped query heads
 * (Ainslie et al. 2023): query head h reads key and value head {@code h / (heads / kvHeads)}.
 *
 * <p>Queries, keys and values stand side by side in one matrix {@code [rows, (heads + 2 * kvHeads)
 * * headDim]}, row r being position r of the sequence; so the same matrix is the cache of decoding.
 * Probabilities exist for one block of queries at a time and are computed again in the backward
 * pass.
 *
 * <p>The unit of work is one query head. An instance holds the scratch memory of one thread.
 */
public final class Attention {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int QUERY_BLOCK = 32;

  private final int heads;
  private final int kvHeads;
  private final int headDim;
  private final float scale;

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

  /**
   * @param scale what the products of queries and keys are multiplied with, usually {@code 1 /
   *     sqrt(headDim)}
   */
  public Attention(int heads, int kvHeads, int headDim, float scale) {
    this.heads = heads;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.scale = scale;
    headStride = BlockProduct.padColumns(headDim);
    queries = new float[QUERY_BLOCK * headStride];
    dQueries = new float[QUERY_BLOCK * headStride];
    output = new float[QUERY_BLOCK * headStride];
    dOutput = new float[QUERY_BLOCK * headStride];
  }

  /**
   * Attends from the queries of rows {@code from} to {@code to} to all rows before and at them.
   *
   * @param qkv {@code [*, (heads + 2 * kvHeads) * headDim]}
   * @param y {@code [*, heads * headDim]}; columns of this head are written
   */
  public void forward(int head, Matrix qkv, Matrix y, int from, int to) {
    reserve(to);
    int keyCol = keyCol(head);
    transpose(qkv, keyCol, to, keysTransposed);
    load(qkv, keyCol + kvHeads * headDim, 0, to, values, 1f);
    for (int block = from; block < to; block += QUERY_BLOCK) {
      int end = Math.min(to, block + QUERY_BLOCK);
      load(qkv, head * headDim, block, end, queries, scale);
      probabilities(block, end);
      multiply(
          probabilities,
          capacity,
          1,
          values,
          output,
          end - block,
          headDim,
          end,
          false,
          headStride,
          headStride);
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
    reserve(rows);
    int keyCol = keyCol(head);
    int valueCol = keyCol + kvHeads * headDim;
    transpose(qkv, keyCol, rows, keysTransposed);
    transpose(qkv, valueCol, rows, valuesTransposed);
    load(qkv, keyCol, 0, rows, keys, 1f);
    java.util.Arrays.fill(dKeys, 0, rows * headStride, 0f);
    java.util.Arrays.fill(dValues, 0, rows * headStride, 0f);
    for (int block = 0; block < rows; block += QUERY_BLOCK) {
      int end = Math.min(rows, block + QUERY_BLOCK);
      int count = end - block;
      load(qkv, head * headDim, block, end, queries, scale);
      load(dy, head * headDim, block, end, dOutput, 1f);
      probabilities(block, end);
      multiply(
          dOutput,
          headStride,
          1,
          valuesTransposed,
          dProbabilities,
          count,
          end,
          headDim,
          false,
          capacity,
          capacity);
      multiply(
          probabilities,
          1,
          capacity,
          dOutput,
          dValues,
          end,
          headDim,
          count,
          true,
          headStride,
          headStride);
      for (int row = 0; row < count; row++) {
        dSoftmax(row * capacity, block + row + 1, end);
      }
      multiply(
          dProbabilities,
          capacity,
          1,
          keys,
          dQueries,
          count,
          headDim,
          end,
          false,
          headStride,
          headStride);
      multiply(
          dProbabilities,
          1,
          capacity,
          queries,
          dKeys,
          end,
          headDim,
          count,
          true,
          headStride,
          headStride);
      scale(dQueries, count * headStride);
      store(dQueries, count, dq, dqCol, block);
    }
    store(dKeys, rows, dkv, dkCol, 0);
    store(dValues, rows, dkv, dvCol, 0);
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

  private static void multiply(
      float[] a,
      int aRow,
      int aCol,
      float[] b,
      float[] c,
      int m,
      int n,
      int k,
      boolean add,
      int bRow,
      int cRow) {
    BlockProduct.multiply(a, 0, aRow, aCol, b, 0, bRow, c, 0, cRow, m, n, k, add);
  }

  /** Fills rows of {@link #probabilities} for queries at positions block to end - 1. */
  private void probabilities(int block, int end) {
    multiply(
        queries,
        headStride,
        1,
        keysTransposed,
        probabilities,
        end - block,
        end,
        headDim,
        false,
        capacity,
        capacity);
    for (int row = 0; row < end - block; row++) {
      softmax(row * capacity, block + row + 1, end);
    }
  }

  /** Softmax over the first {@code visible} scores of a row; those up to {@code end} become 0. */
  private void softmax(int at, int visible, int end) {
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
    for (int j = visible; j < end; j++) {
      p[at + j] = 0f;
    }
  }

  /** Turns a row of dP into dS. */
  private void dSoftmax(int at, int visible, int end) {
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
    for (int j = visible; j < end; j++) {
      dp[at + j] = 0f;
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

  /** Copies head columns of rows 0 to {@code rows} to {@code [headDim, capacity]}. */
  private void transpose(Matrix source, int col, int rows, float[] target) {
    MemorySegment data = source.data();
    for (int row = 0; row < rows; row++) {
      long from = source.offset(row) + 4L * col;
      for (int i = 0; i < headDim; i++) {
        target[i * capacity + row] = data.get(ValueLayout.JAVA_FLOAT, from + 4L * i);
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
