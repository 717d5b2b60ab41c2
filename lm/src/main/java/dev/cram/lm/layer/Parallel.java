package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.Sum;

/**
 * Two layers beside each other: {@code y = first(x) + second(x)}.
 *
 * @param first as wide as the other one
 */
public record Parallel(Layer first, Layer second) implements Layer {
  @Override
  public int outputs() {
    return first.outputs();
  }

  @Override
  public Stage plan(Flow input, Matrix outputGradient, Plan plan) {
    Matrix y = plan.scratch(outputs());
    Flow secondInput = new Flow(input.value(), plan.gradient(input.value().cols()), input.steady());
    Stage one = first.plan(input, outputGradient, plan);
    Stage other = second.plan(secondInput, outputGradient, plan);
    Workers workers = plan.workers();
    return new Stage() {
      private int firstRow;
      private final Workers.Task add =
          (row, worker) -> Sum.of(one.output(), other.output(), y, firstRow + row);
      private final Workers.Task addGradients =
          (row, worker) -> Sum.of(input.gradient(), secondInput.gradient(), input.gradient(), row);

      @Override
      public Matrix output() {
        return y;
      }

      @Override
      public void forward(int from, int to) {
        one.forward(from, to);
        other.forward(from, to);
        firstRow = from;
        workers.run(add, to - from);
      }

      @Override
      public void backward(int rows) {
        one.backward(rows);
        other.backward(rows);
        workers.run(addGradients, input.wanted(rows));
      }
    };
  }
}
