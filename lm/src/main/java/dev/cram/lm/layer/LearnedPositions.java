package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.Sum;

/**
 * Adds to each row the vector of its position. [mem] rows have positions too.
 *
 * @param positions the vectors, from position 0 on, {@code [maxPositions, size]}
 */
public record LearnedPositions(Matrix positions) implements Layer {
  @Override
  public int outputs() {
    return positions.cols();
  }

  @Override
  public boolean gradientInPlace() {
    return true;
  }

  @Override
  public boolean keepsSteady() {
    return true;
  }

  @Override
  public Stage plan(Flow input, Matrix outputGradient, Plan plan) {
    Matrix y = plan.kept(outputs());
    Workers workers = plan.workers();
    return new Stage() {
      private int first;
      private final Workers.Task add =
          (row, worker) -> Sum.of(input.value(), positions, y, first + row);

      @Override
      public Matrix output() {
        return y;
      }

      @Override
      public void forward(int from, int to) {
        first = from;
        workers.run(add, input.changing(to) - from);
      }

      @Override
      public void backward(int rows) {
        if (input.gradient() != outputGradient) {
          for (int row = 0; row < input.wanted(rows); row++) {
            input.gradient().copyRow(row, outputGradient, row);
          }
        }
      }
    };
  }
}
