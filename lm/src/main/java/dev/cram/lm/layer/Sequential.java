package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;
import java.util.List;

/**
 * Layers one after the other.
 *
 * @param layers at least one
 */
public record Sequential(List<Layer> layers) implements Layer {
  public Sequential(Layer... layers) {
    this(List.of(layers));
  }

  @Override
  public int outputs() {
    return layers.getLast().outputs();
  }

  @Override
  public Stage plan(Flow input, Matrix outputGradient, Plan plan) {
    Stage[] stages = new Stage[layers.size()];
    Flow flow = input;
    for (int i = 0; i < stages.length; i++) {
      Layer layer = layers.get(i);
      Matrix gradient =
          i == stages.length - 1
              ? outputGradient
              : layer.gradientInPlace() ? flow.gradient() : plan.gradient(layer.outputs());
      stages[i] = layer.plan(flow, gradient, plan);
      flow = new Flow(stages[i].output(), gradient, layer.keepsSteady() ? flow.steady() : null);
    }
    return new Stage() {
      @Override
      public Matrix output() {
        return stages[stages.length - 1].output();
      }

      @Override
      public void forward(int from, int to) {
        for (Stage stage : stages) {
          stage.forward(from, to);
        }
      }

      @Override
      public void backward(int rows) {
        for (int i = stages.length - 1; i >= 0; i--) {
          stages[i].backward(rows);
        }
      }
    };
  }
}
