package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.op.Clip;
import dev.cram.tensor.op.Sum;

/** Limits every element of queries, keys and values to {@code -limit .. limit}. */
public record ClippedQkv(float limit) implements QkvTransform {
  @Override
  public Bound plan(AttentionShape shape, Plan plan) {
    int size = (shape.heads() + 2 * shape.kvHeads()) * shape.headDim();
    // What comes in; the transform overwrites it.
    Matrix x = plan.kept(size);
    return new Bound() {
      @Override
      public void forward(Matrix qkv, int row) {
        Sum.copy(qkv, 0, x, 0, row, size);
        Clip.forward(x, limit, qkv, row);
      }

      @Override
      public void backward(Matrix dQkv, int row) {
        Clip.backward(x, limit, dQkv, dQkv, row);
      }
    };
  }
}
