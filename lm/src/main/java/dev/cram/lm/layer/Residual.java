package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.Sum;

/**
 * A branch beside the identity: {@code y = x + branch(x)}.
 *
 * @param branch as wide at its end as at its beginning
 */
public record Residual(Layer branch) implements Layer {
  @Override
  public int outputs() {
    return branch.outputs();
  }

  @Override
  public boolean gradientInPlace() {
    return true;
  }

  @Override
  public Stage plan(Flow input, Matrix outputGradient, Plan plan) {
    Matrix y = plan.kept(outputs());
    int mark = plan.mark();
    Flow branchInput = new Flow(input.value(), plan.gradient(outputs()), input.steady());
    Stage inner = branch.plan(branchInput, outputGradient, plan);
    plan.release(mark);
    Workers workers = plan.workers();
    Matrix x = input.value();
    Matrix branchOutput = inner.output();
    return new Stage() {
      private int first;
      private final Workers.Task add = (row, worker) -> Sum.of(x, branchOutput, y, first + row);
      private final Workers.Task addGradients =
          (row, worker) -> Sum.of(outputGradient, branchInput.gradient(), input.gradient(), row);

      @Override
      public Matrix output() {
        return y;
      }

      @Override
      public void forward(int from, int to) {
        inner.forward(from, to);
        first = from;
        workers.run(add, to - from);
      }

      @Override
      public void backward(int rows) {
        inner.backward(rows);
        workers.run(addGradients, input.wanted(rows));
      }
    };
  }
}
