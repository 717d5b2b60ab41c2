package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;

/**
 * A differentiable function of rows whose parameters are frozen: {@code [rows, inputs]} to {@code
 * [rows, outputs]}. Row r is position r of one sequence, and depends on rows up to r only.
 *
 * <p>A layer holds parameters and no state; {@link #plan} binds it to the memory of one pass. So
 * one model serves any number of passes at the same time.
 */
public interface Layer {
  /** The width of an output row. */
  int outputs();

  /**
   * Whether the backward pass may put the gradient to the input where that to the output was. Then
   * a chain of such layers, a residual stream, has one gradient.
   */
  default boolean gradientInPlace() {
    return false;
  }

  /**
   * Whether an output row depends on the same input row alone, and stays where it is until a later
   * pass computes it again if the input row is {@link Steady}.
   */
  default boolean keepsSteady() {
    return false;
  }

  /**
   * Reserves the memory that this layer needs in a pass.
   *
   * @param input what the layer reads, and where its backward pass puts the gradient
   * @param outputGradient {@code [maxRows, outputs]}, what the backward pass reads; null in a plan
   *     without gradients
   */
  Stage plan(Flow input, Matrix outputGradient, Plan plan);
}
