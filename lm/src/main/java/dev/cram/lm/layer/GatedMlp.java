package dev.cram.lm.layer;

import dev.cram.tensor.FrozenLinear;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.GeGlu;
import dev.cram.tensor.op.SwiGlu;

/**
 * {@code down(activation(gate(x)) * up(x))}.
 *
 * @param gateUp gate and up as one layer, their outputs side by side: {@code [2 * intermediateSize,
 *     hiddenSize]}
 * @param down {@code [hiddenSize, intermediateSize]}
 * @param gate the activation
 */
public record GatedMlp(FrozenLinear gateUp, FrozenLinear down, Gate gate) implements Layer {
  /** The activations of the gate that there are. */
  public enum Gate {
    /** SiLU, see {@link SwiGlu}. */
    SWIGLU,
    /** GELU in its approximation by tanh, see {@link GeGlu}. */
    GEGLU
  }

  @Override
  public int outputs() {
    return down.outputs();
  }

  @Override
  public Stage plan(Flow input, Matrix outputGradient, Plan plan) {
    Matrix gated = plan.kept(gateUp.outputs());
    Matrix activated = plan.scratch(down.inputs());
    Matrix y = plan.scratch(outputs());
    Matrix dActivated = plan.gradient(down.inputs());
    Multiplier multiplier = plan.multiplier();
    Workers workers = plan.workers();
    return new Stage() {
      private int first;
      private final Workers.Task activate =
          switch (gate) {
            case SWIGLU -> (row, worker) -> SwiGlu.forward(gated, activated, first + row);
            case GEGLU -> (row, worker) -> GeGlu.forward(gated, activated, first + row);
          };
      private final Workers.Task back =
          switch (gate) {
            case SWIGLU -> (row, worker) -> SwiGlu.backward(gated, dActivated, gated, row);
            case GEGLU -> (row, worker) -> GeGlu.backward(gated, dActivated, gated, row);
          };

      @Override
      public Matrix output() {
        return y;
      }

      @Override
      public void forward(int from, int to) {
        gateUp.forward(multiplier, input.value(), gated, from, to);
        first = from;
        workers.run(activate, to - from);
        down.forward(multiplier, activated, y, from, to);
      }

      @Override
      public void backward(int rows) {
        down.backward(multiplier, outputGradient, dActivated, 0, rows);
        workers.run(back, rows);
        gateUp.backward(multiplier, gated, input.gradient(), 0, rows);
      }
    };
  }
}
