package dev.cram.lm.files;

import dev.cram.lm.InputException;
import dev.cram.tensor.op.Activation;

/** The activation of a model's MLPs, by the names of transformers. */
public final class HiddenActivation {
  private HiddenActivation() {}

  /**
   * Reads {@code key}, such as {@code hidden_act}.
   *
   * @param missing the name where there is none
   * @throws InputException if it names an activation that is not supported
   */
  public static Activation of(ModelConfig config, String key, String missing) {
    return switch (config.string(key, missing)) {
      case "silu", "swish" -> Activation.SILU;
      case "gelu", "gelu_python" -> Activation.GELU;
      // One formula, written down in four ways.
      case "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python_tanh" -> Activation.GELU_TANH;
      case "relu" -> Activation.RELU;
      default ->
          throw config.wrong(
              key,
              "\"silu\", \"gelu\", \"gelu_new\", \"gelu_fast\", \"gelu_pytorch_tanh\" or \"relu\";"
                  + " use another model");
    };
  }
}
