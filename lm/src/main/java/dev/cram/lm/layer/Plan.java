package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.Attention;
import dev.cram.tensor.op.Rope;
import dev.cram.tensor.op.SelectiveScan;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * The memory of one pass: everything is reserved here, once, for a maximum number of rows, so that
 * a step allocates nothing.
 *
 * <p>Scratch matrices can be used again by layers that never run at the same time: what was
 * reserved after a {@link #mark} is free again after {@link #release}.
 */
public final class Plan {
  private final Arena arena;
  private final Workers workers;
  private final Multiplier multiplier;
  private final int maxRows;
  private final boolean gradients;
  private final List<Matrix> inUse = new ArrayList<>();
  private final Map<Integer, List<Matrix>> free = new HashMap<>();
  private final Map<double[], Rope> ropes = new IdentityHashMap<>();
  private final Map<AttentionShape, Attention[]> attentions = new HashMap<>();
  private final Map<Integer, SelectiveScan.Scratch[]> scanScratches = new HashMap<>();

  /**
   * @param arena owns the memory
   * @param maxRows the longest sequence, [mem] rows included
   * @param gradients whether a backward pass will run
   */
  public Plan(Arena arena, Workers workers, Multiplier multiplier, int maxRows, boolean gradients) {
    this.arena = arena;
    this.workers = workers;
    this.multiplier = multiplier;
    this.maxRows = maxRows;
    this.gradients = gradients;
  }

  public int maxRows() {
    return maxRows;
  }

  Arena arena() {
    return arena;
  }

  /** Whether a backward pass will run. */
  boolean gradients() {
    return gradients;
  }

  Workers workers() {
    return workers;
  }

  Multiplier multiplier() {
    return multiplier;
  }

  /** A matrix {@code [maxRows, cols]} whose rows outlive a pass: later rows read them. */
  Matrix cache(int cols) {
    return Matrix.allocate(arena, maxRows, cols);
  }

  /**
   * A matrix {@code [rows, cols]} that outlives a pass: what earlier rows hand on to later ones.
   */
  Matrix state(int rows, int cols) {
    return Matrix.allocate(arena, rows, cols);
  }

  /** A matrix {@code [maxRows, cols]} that lives from the forward to the backward pass. */
  public Matrix kept(int cols) {
    return gradients ? Matrix.allocate(arena, maxRows, cols) : scratch(cols);
  }

  /** A matrix {@code [maxRows, cols]} that lives while this block runs forward, or backward. */
  Matrix scratch(int cols) {
    List<Matrix> pool = free.get(cols);
    Matrix matrix =
        pool == null || pool.isEmpty() ? Matrix.allocate(arena, maxRows, cols) : pool.removeLast();
    inUse.add(matrix);
    return matrix;
  }

  /**
   * What a layer computes from each row by itself: scratch, or a {@link #cache} where the input has
   * steady rows, which are not computed again.
   */
  Matrix rowByRow(Flow input, int cols) {
    return input.steady() == null ? scratch(cols) : cache(cols);
  }

  /** Scratch for a gradient, or null in a plan without gradients. */
  public Matrix gradient(int cols) {
    return gradients ? scratch(cols) : null;
  }

  /** A point to {@link #release} back to. */
  int mark() {
    return inUse.size();
  }

  /** Frees the scratch reserved since the mark. */
  void release(int mark) {
    while (inUse.size() > mark) {
      Matrix matrix = inUse.removeLast();
      free.computeIfAbsent(matrix.cols(), cols -> new ArrayList<>()).add(matrix);
    }
  }

  /** One attention per worker, shared by all layers of the same shape. */
  Attention[] attention(AttentionShape shape) {
    return attentions.computeIfAbsent(
        shape,
        key -> {
          Attention[] perWorker = new Attention[workers.threads()];
          for (int worker = 0; worker < perWorker.length; worker++) {
            perWorker[worker] =
                new Attention(
                    shape.heads(), shape.kvHeads(), shape.headDim(), shape.scale(), shape.window());
          }
          return perWorker;
        });
  }

  /** One scratch memory per worker, shared by all scans of the same state size. */
  SelectiveScan.Scratch[] scanScratch(int stateSize) {
    return scanScratches.computeIfAbsent(
        stateSize,
        key -> {
          SelectiveScan.Scratch[] perWorker = new SelectiveScan.Scratch[workers.threads()];
          for (int worker = 0; worker < perWorker.length; worker++) {
            perWorker[worker] = new SelectiveScan.Scratch(stateSize);
          }
          return perWorker;
        });
  }

  /** The angles of all positions of this pass, shared by all layers with that very array. */
  Rope rope(double[] inverseFrequencies) {
    return ropes.computeIfAbsent(
        inverseFrequencies, frequencies -> new Rope(arena, frequencies, maxRows));
  }
}
