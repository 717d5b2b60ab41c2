package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.op.Rope;

/**
 * Turns queries and keys by their position, see {@link Rope}.
 *
 * @param inverseFrequencies radians per position, {@code [rotaryDim / 2]}; layers with the very
 *     same array share one table of angles
 */
public record Rotary(double[] inverseFrequencies) implements QkvTransform {
  @Override
  public Bound plan(AttentionShape shape, Plan plan) {
    Rope rope = plan.rope(inverseFrequencies);
    int turned = shape.heads() + shape.kvHeads();
    return new Bound() {
      @Override
      public void forward(Matrix qkv, int row) {
        rope.forward(qkv, row, 0, turned, shape.headDim(), row);
      }

      @Override
      public void backward(Matrix dQkv, int row) {
        rope.backward(dQkv, row, 0, turned, shape.headDim(), row);
      }
    };
  }
}
