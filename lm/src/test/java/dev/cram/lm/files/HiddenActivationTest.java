package dev.cram.lm.files;

import static dev.cram.lm.files.ModelConfigTest.config;
import static dev.cram.lm.files.WeightsTest.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.op.Activation;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HiddenActivationTest {
  private static final int ARGUMENTS = 197;

  /** What transformers computes; tools/make_activation_vectors.py wrote it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "silu",
        "swish",
        "gelu",
        "gelu_python",
        "gelu_new",
        "gelu_fast",
        "gelu_pytorch_tanh",
        "gelu_python_tanh",
        "relu"
      })
  void isTheFunctionThatTransformersCallsSo(String name) {
    Activation activation =
        HiddenActivation.of(config("{'hidden_act':'" + name + "'}"), "hidden_act", "none");
    Path vectors = Path.of("src/test/resources/vectors/activations.safetensors");
    try (Arena arena = Arena.ofConfined();
        Weights expected = Weights.of(SafetensorsFile.open(vectors), config("{}"))) {
      Matrix x = Matrix.of(arena, 1, ARGUMENTS, expected.vector("x", ARGUMENTS));
      Matrix y = Matrix.allocate(arena, 1, ARGUMENTS);
      Matrix dy = Matrix.allocate(arena, 1, ARGUMENTS);
      dy.fill(1f);
      Matrix dx = Matrix.allocate(arena, 1, ARGUMENTS);

      activation.forward(x, y, 0);
      activation.backward(x, dy, dx, 0);

      float[] value = expected.vector(name, ARGUMENTS);
      float[] derivative = expected.vector(name + ".dx", ARGUMENTS);
      for (int i = 0; i < ARGUMENTS; i++) {
        float scale = Math.max(1, Math.abs(value[i]));
        assertThat(y.get(0, i)).isCloseTo(value[i], within(1e-6f * scale));
        // The derivative at a kink is anyone's choice; that of transformers is 0.
        assertThat(dx.get(0, i)).isCloseTo(derivative[i], within(2e-6f));
      }
    }
  }

  @Test
  void isTheOneThatTheArchitectureHasByDefault() {
    assertThat(HiddenActivation.of(config("{}"), "activation_function", "relu"))
        .isEqualTo(Activation.RELU);
  }

  @Test
  void saysWhichThereAre() {
    assertRejected(
            () -> HiddenActivation.of(config("{'hidden_act':'quick_gelu'}"), "hidden_act", "gelu"))
        .hasMessageContainingAll(
            "config.json: hidden_act is \"quick_gelu\", expected",
            "\"silu\"",
            "\"gelu\"",
            "\"gelu_new\"",
            "\"gelu_fast\"",
            "\"gelu_pytorch_tanh\"",
            "\"relu\"");
  }
}
