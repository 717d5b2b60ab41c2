package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;

/** What happens to the queries, keys and values of one row before they attend. */
public interface QkvTransform {
  /** Reserves the memory that this transform needs in a pass. */
  Bound plan(AttentionShape shape, Plan plan);

  /** A {@link QkvTransform} bound to the memory of one pass. Workers share out the rows. */
  interface Bound {
    /**
     * Transforms one row in place; row r is position r of the sequence.
     *
     * @param qkv {@code [maxRows, (heads + 2 * kvHeads) * headDim]}: queries, keys, values
     */
    void forward(Matrix qkv, int row);

    /**
     * The vector-Jacobian product of one row, in place.
     *
     * @param dQkv {@code [maxRows, (heads + 2 * kvHeads) * headDim]}
     */
    void backward(Matrix dQkv, int row);
  }
}
