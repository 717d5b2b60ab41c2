package dev.cram.lm.layer;

import dev.cram.tensor.FrozenLinear;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;

/**
 * A linear map as a layer of its own.
 *
 * @param weight {@code [outputs, inputs]}
 */
public record Linear(FrozenLinear weight) implements Layer {
  @Override
  public int outputs() {
    return weight.outputs();
  }

  @Override
  public boolean keepsSteady() {
    return true;
  }

  @Override
  public Stage plan(Flow input, Matrix outputGradient, Plan plan) {
    Matrix y = plan.kept(outputs());
    Multiplier multiplier = plan.multiplier();
    return new Stage() {
      @Override
      public Matrix output() {
        return y;
      }

      @Override
      public void forward(int from, int to) {
        weight.forward(multiplier, input.value(), y, from, input.changing(to));
      }

      @Override
      public void backward(int rows) {
        weight.backward(multiplier, outputGradient, input.gradient(), 0, input.wanted(rows));
      }
    };
  }
}
