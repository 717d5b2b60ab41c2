package dev.cram.lm.layer;

import dev.cram.tensor.FrozenLinear;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.Activation;

/**
 * {@code down(activation(up(x)))}.
 *
 * @param up {@code [intermediateSize, hiddenSize]}
 * @param down {@code [hiddenSize, intermediateSize]}
 */
public record Mlp(FrozenLinear up, Activation activation, FrozenLinear down) implements Layer {
  @Override
  public int outputs() {
    return down.outputs();
  }

  @Override
  public Stage plan(Flow input, Matrix outputGradient, Plan plan) {
    Matrix hidden = plan.kept(up.outputs());
    Matrix activated = plan.scratch(up.outputs());
    Matrix y = plan.rowByRow(input, outputs());
    Matrix dActivated = plan.gradient(up.outputs());
    Multiplier multiplier = plan.multiplier();
    Workers workers = plan.workers();
    return new Stage() {
      private int first;
      private final Workers.Task activate =
          (row, worker) -> activation.forward(hidden, activated, first + row);
      private final Workers.Task back =
          (row, worker) -> activation.backward(hidden, dActivated, dActivated, row);

      @Override
      public Matrix output() {
        return y;
      }

      @Override
      public void forward(int from, int to) {
        int end = input.changing(to);
        up.forward(multiplier, input.value(), hidden, from, end);
        first = from;
        workers.run(activate, end - from);
        down.forward(multiplier, activated, y, from, end);
      }

      @Override
      public void backward(int rows) {
        int end = input.wanted(rows);
        down.backward(multiplier, outputGradient, dActivated, 0, end);
        workers.run(back, end);
        up.backward(multiplier, dActivated, input.gradient(), 0, end);
      }
    };
  }
}
