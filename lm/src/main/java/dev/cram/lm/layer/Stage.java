package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;

/** A {@link Layer} bound to the memory of one pass. */
public interface Stage {
  /** What {@link #forward} writes, {@code [maxRows, outputs]}. */
  Matrix output();

  /**
   * Computes output rows {@code from} to {@code to}; {@code from} is 0, which begins a sequence, or
   * the end of the call before. What later rows need of earlier ones (keys, values, states) is
   * kept, which makes this the cache of decoding too.
   */
  void forward(int from, int to);

  /**
   * Overwrites the input's gradient with the vector-Jacobian product of rows 0 to {@code rows},
   * which one call of {@link #forward} has computed. Leaves the output's gradient as it is, unless
   * it is the input's too ({@link Layer#gradientInPlace}); may destroy what forward kept.
   */
  void backward(int rows);
}
