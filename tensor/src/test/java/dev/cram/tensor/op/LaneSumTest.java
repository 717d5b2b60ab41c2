package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class LaneSumTest {
  private static final int LANES = FloatVector.SPECIES_PREFERRED.length();

  @Test
  void countsEveryLaneOnce() {
    float[] values = new float[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      values[lane] = 1 << lane % 20;
    }
    double expected = 0;
    for (float value : values) {
      expected += value;
    }
    assertThat((double) sum(values)).isCloseTo(expected, Offset.offset(0.0));
  }

  /** Long enough for the just-in-time compiler to take over on the way. */
  @Test
  void hasTheSameBitsHoweverOftenItRuns() {
    Random random = new Random(1);
    float[] values = new float[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      values[lane] = (float) random.nextGaussian();
    }
    float first = sum(values);
    int changes = 0;
    for (int i = 0; i < 300_000; i++) {
      if (sum(values) != first) {
        changes++;
      }
    }
    assertThat(changes).isZero();
  }

  private static float sum(float[] values) {
    return LaneSum.of(FloatVector.fromArray(FloatVector.SPECIES_PREFERRED, values, 0));
  }
}
