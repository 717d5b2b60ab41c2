package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;

/**
 * Rows that flow from one layer to the next, and the gradient that flows back.
 *
 * @param value {@code [maxRows, size]}
 * @param gradient {@code [maxRows, size]}, or null in a plan without gradients
 * @param steady which rows stay from pass to pass; null if all may change. A layer may ignore it,
 *     at the price of computing them again
 */
public record Flow(Matrix value, Matrix gradient, Steady steady) {
  /** Rows that may all change. */
  public Flow(Matrix value, Matrix gradient) {
    this(value, gradient, null);
  }

  /** Of rows 0 to {@code to}, the end of those that must be computed in this pass. */
  int changing(int to) {
    return steady == null ? to : steady.changing(to);
  }

  /** Of rows 0 to {@code rows}, the end of those whose gradient is wanted. */
  int wanted(int rows) {
    return steady == null ? rows : steady.wanted(rows);
  }
}
