package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.RmsNorm;

/**
 * {@link RmsNorm} as a layer.
 *
 * @param weight {@code [1, size]}
 */
public record Norm(Matrix weight, float rmsNormEps) implements Layer {
  @Override
  public int outputs() {
    return weight.cols();
  }

  @Override
  public boolean gradientInPlace() {
    return true;
  }

  @Override
  public Stage plan(Flow input, Matrix outputGradient, Plan plan) {
    Matrix x = input.value();
    Matrix y = plan.scratch(outputs());
    float[] inverseRms = new float[plan.maxRows()];
    Workers workers = plan.workers();
    return new Stage() {
      private int first;
      private final Workers.Task normalise =
          (part, worker) -> {
            int row = first + part;
            inverseRms[row] = RmsNorm.forward(x, weight, rmsNormEps, y, row);
          };
      private final Workers.Task back =
          (row, worker) ->
              RmsNorm.backward(x, weight, inverseRms[row], outputGradient, input.gradient(), row);

      @Override
      public Matrix output() {
        return y;
      }

      @Override
      public void forward(int from, int to) {
        first = from;
        workers.run(normalise, to - from);
      }

      @Override
      public void backward(int rows) {
        workers.run(back, rows);
      }
    };
  }
}
