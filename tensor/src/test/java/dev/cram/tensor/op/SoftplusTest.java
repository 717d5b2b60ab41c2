package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class SoftplusTest {
  private static final int COUNT = 64 * FloatVector.SPECIES_PREFERRED.length();

  @Test
  void agreesWithTheFormulaAndItsDerivative() {
    float[] x = new float[COUNT];
    Random random = new Random(1);
    for (int i = 0; i < COUNT; i++) {
      x[i] = (float) random.nextGaussian() * (i % 2 == 0 ? 2 : 30);
    }
    x[0] = 0f;
    x[1] = -80f;
    x[2] = 80f;
    float[] y = new float[COUNT];
    float[] dx = new float[COUNT];
    java.util.Arrays.fill(dx, 3f);

    Softplus.forward(x, y, COUNT);
    Softplus.backward(x, dx, dx, COUNT);

    for (int i = 0; i < COUNT; i++) {
      if (x[i] > -85) {
        // Relative to the result, however small it is: a time step is tiny for most channels.
        assertThat((double) y[i])
            .as("softplus(%s)", x[i])
            .isCloseTo(Math.log1p(Math.exp(x[i])), Percentage.withPercentage(6e-5));
        assertThat((double) dx[i])
            .as("derivative at %s", x[i])
            .isCloseTo(3 / (1 + Math.exp(-x[i])), Percentage.withPercentage(6e-5));
      } else {
        assertThat(y[i]).isBetween(0f, 1e-36f);
        assertThat(dx[i]).isBetween(0f, 1e-36f);
      }
    }
  }
}
