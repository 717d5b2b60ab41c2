package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class AdamWTest {
  private static final float[] START = {0.5f, -1.25f, 2f, 0f};

  /**
   * The expected parameters come from PyTorch 2.10, {@code torch.optim.AdamW([p], lr=0.01,
   * betas=(0.9, 0.9), eps=1e-8, weight_decay=0.01, foreach=False)}, with {@link #gradient}.
   */
  @Test
  void agreesWithPyTorchWithEqualBetasAndDecay() {
    assertSteps(
        new AdamW(4, 0.9, 0.9, 1e-8, 0.01),
        0.01,
        new float[][] {
          {0.489950001f, -1.25987494f, 1.98979998f, -0.0100000007f},
          {0.493506104f, -1.26949942f, 1.98044062f, -0.01990024f},
          {0.50009799f, -1.27874827f, 1.97722185f, -0.0295850821f},
          {0.507362366f, -1.28766239f, 1.98054636f, -0.0390046053f},
          {0.514909923f, -1.29633212f, 1.98615754f, -0.0481754318f},
        });
  }

  /** As above, with {@code lr=0.1, betas=(0.9, 0.999), weight_decay=0}. */
  @Test
  void agreesWithPyTorchWithUsualBetas() {
    assertSteps(
        new AdamW(4, 0.9, 0.999, 1e-8, 0),
        0.1,
        new float[][] {
          {0.400000036f, -1.35000002f, 1.89999998f, -0.099999994f},
          {0.436610371f, -1.44861174f, 1.81014252f, -0.199732289f},
          {0.506072521f, -1.5450772f, 1.7805872f, -0.29863432f},
          {0.583966851f, -1.63985741f, 1.81737959f, -0.396504074f},
          {0.66620928f, -1.73378348f, 1.88013124f, -0.493565291f},
        });
  }

  @Test
  void followsTheAlgorithmInDoubleOverManySteps() {
    Random random = new Random(3);
    int size = 100;
    double beta1 = 0.9;
    double beta2 = 0.99;
    double eps = 1e-6;
    double decay = 0.1;
    float[] parameters = new float[size];
    double[] expected = new double[size];
    double[] m = new double[size];
    double[] v = new double[size];
    for (int i = 0; i < size; i++) {
      parameters[i] = (float) random.nextGaussian();
      expected[i] = parameters[i];
    }
    AdamW adamW = new AdamW(size, beta1, beta2, eps, decay);
    float[] gradient = new float[size];
    for (int step = 1; step <= 300; step++) {
      double learningRate = 0.01 * (1 + Math.cos(step / 100.0));
      for (int i = 0; i < size; i++) {
        gradient[i] = (float) (random.nextGaussian() * Math.pow(10, i % 7 - 4));
        // Algorithm 2 of the paper, the schedule's multiplier being part of the learning rate.
        m[i] = beta1 * m[i] + (1 - beta1) * gradient[i];
        v[i] = beta2 * v[i] + (1 - beta2) * gradient[i] * gradient[i];
        double mHat = m[i] / (1 - Math.pow(beta1, step));
        double vHat = v[i] / (1 - Math.pow(beta2, step));
        expected[i] -= learningRate * (mHat / (Math.sqrt(vHat) + eps) + decay * expected[i]);
      }
      adamW.step(parameters, gradient, learningRate);
    }
    Numeric.assertClose(Numeric.doubles(parameters), expected, 2e-5);
  }

  @Test
  void withoutAGradientOnlyDecays() {
    float[] parameters = {3f, -2f};
    new AdamW(2, 0.9, 0.999, 1e-8, 0.5).step(parameters, new float[2], 0.1);
    assertThat(parameters).containsExactly(3f * 0.95f, -2f * 0.95f);
  }

  /** Exact in float32: {@code (i + 1) / 4 - step^2 * (-1)^i / 8} for parameter i. */
  private static float[] gradient(int step) {
    float[] gradient = new float[4];
    for (int i = 0; i < 4; i++) {
      gradient[i] = (i + 1) * 0.25f - 0.125f * step * step * (i % 2 == 0 ? 1 : -1);
    }
    return gradient;
  }

  private static void assertSteps(AdamW adamW, double learningRate, float[][] expected) {
    float[] parameters = START.clone();
    for (int step = 1; step <= expected.length; step++) {
      adamW.step(parameters, gradient(step), learningRate);
      for (int i = 0; i < parameters.length; i++) {
        assertThat(parameters[i])
            .as("parameter %d after step %d", i, step)
            .isCloseTo(expected[step - 1][i], Offset.offset(3e-7f));
      }
    }
  }
}
