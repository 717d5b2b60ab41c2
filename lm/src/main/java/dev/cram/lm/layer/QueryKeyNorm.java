package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.op.RmsNorm;
import dev.cram.tensor.op.Sum;

/**
 * {@link RmsNorm} of each head's queries and keys (Dehghani et al. 2023).
 *
 * @param query what normalised queries are multiplied with, {@code [1, headDim]}
 * @param key the same for keys
 */
public record QueryKeyNorm(Matrix query, Matrix key, float rmsNormEps) implements QkvTransform {
  @Override
  public Bound plan(AttentionShape shape, Plan plan) {
    int heads = shape.heads() + shape.kvHeads();
    int headDim = shape.headDim();
    // The queries and keys that come in; the transform overwrites them.
    Matrix x = plan.kept(heads * headDim);
    float[] inverseRms = new float[plan.maxRows() * heads];
    return new Bound() {
      @Override
      public void forward(Matrix qkv, int row) {
        Sum.copy(qkv, 0, x, 0, row, heads * headDim);
        for (int head = 0; head < heads; head++) {
          inverseRms[row * heads + head] =
              RmsNorm.forward(x, weight(head), rmsNormEps, qkv, row, head * headDim);
        }
      }

      @Override
      public void backward(Matrix dQkv, int row) {
        for (int head = 0; head < heads; head++) {
          float inverse = inverseRms[row * heads + head];
          RmsNorm.backward(x, weight(head), inverse, dQkv, dQkv, row, head * headDim);
        }
      }

      private Matrix weight(int head) {
        return head < shape.heads() ? query : key;
      }
    };
  }
}
