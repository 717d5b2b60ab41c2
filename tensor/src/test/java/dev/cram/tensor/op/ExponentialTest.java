package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

class ExponentialTest {
  private static final float LOWEST = -87f;
  private static final float HIGHEST = 88f;

  @Test
  void isWithinOneAndAHalfUnitsInTheLastPlace() {
    double worst = 0;
    for (int i = 0; i <= 4_000_000; i++) {
      float x = (float) (LOWEST + (double) i / 4_000_000 * (HIGHEST - LOWEST));
      double exact = Math.exp(x);
      worst = Math.max(worst, Math.abs(Exponential.exp(x) - exact) / Math.ulp((float) exact));
    }
    assertThat(worst).isLessThan(1.5);
  }

  @Test
  void isExactAtZeroAndCloseAroundIt() {
    assertThat(Exponential.exp(0f)).isEqualTo(1f);
    assertThat(Exponential.exp(-0f)).isEqualTo(1f);
    assertThat(Exponential.exp(Float.MIN_VALUE)).isEqualTo(1f);
    assertThat(Exponential.exp(1e-8f)).isEqualTo(1f);
  }

  @Test
  void vectorAndScalarHaveTheSameBits() {
    int lanes = FloatVector.SPECIES_PREFERRED.length();
    float[] x = new float[lanes];
    float[] y = new float[lanes];
    for (int i = 0; i < 1_000_000; i += lanes) {
      for (int lane = 0; lane < lanes; lane++) {
        x[lane] = (float) (-120 + (double) (i + lane) / 1_000_000 * 240);
      }
      assertSameBits(x, y);
    }
    float[] special = {
      LOWEST,
      HIGHEST,
      Math.nextDown(LOWEST),
      Math.nextUp(HIGHEST),
      Float.NEGATIVE_INFINITY,
      Float.POSITIVE_INFINITY,
      Float.MAX_VALUE,
      -Float.MAX_VALUE,
      0f,
      -0f,
      Float.MIN_VALUE,
      1e-30f
    };
    for (float value : special) {
      java.util.Arrays.fill(x, value);
      assertSameBits(x, y);
    }
  }

  @Test
  void givesZeroBelowItsRangeAndStaysFiniteAboveIt() {
    assertThat(Exponential.exp(Math.nextDown(LOWEST))).isZero();
    assertThat(Exponential.exp(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(Exponential.exp(1e6f)).isFinite().isEqualTo(Exponential.exp(HIGHEST));
  }

  private static void assertSameBits(float[] x, float[] y) {
    Exponential.exp(FloatVector.fromArray(FloatVector.SPECIES_PREFERRED, x, 0)).intoArray(y, 0);
    for (int lane = 0; lane < x.length; lane++) {
      int expected = Float.floatToRawIntBits(Exponential.exp(x[lane]));
      if (Float.floatToRawIntBits(y[lane]) != expected) {
        assertThat(y[lane]).as("exp(%s)", x[lane]).isEqualTo(Float.intBitsToFloat(expected));
      }
    }
  }
}
