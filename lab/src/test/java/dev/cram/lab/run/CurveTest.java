package dev.cram.lab.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.CramStep;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CurveTest {
  private static Curve curve(int steps, IntUnaryOperator exactPrefix) {
    var recorder = new Curve.Recorder();
    for (int step = 1; step <= steps; step++) {
      recorder.add(
          new CramStep(
              step,
              steps,
              1.0 / step,
              0.5,
              exactPrefix.applyAsInt(step),
              0,
              0,
              new boolean[0],
              new float[0],
              null));
    }
    return recorder.curve();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 511, 512, 513, 514, 1024, 1300, 5000})
  void ofAnyLengthItHasTheFirstAndTheLastStepAndWhatWasHeldBetween(int steps) {
    int peak = steps * 2 / 3 + 1;

    Curve curve = curve(steps, step -> step == peak ? 50 : step == steps ? 64 : 3);

    int points = curve.steps().length;
    assertThat(points).isBetween(Math.min(steps, 257), 513);
    assertThat(curve.steps()).isSorted().startsWith(1).endsWith(steps);
    assertThat(curve.exactPrefixes()).hasSize(points).endsWith(steps == peak ? 50 : 64);
    assertThat(curve.crossEntropies()[points - 1]).isEqualTo(1f / steps);
    int after = Arrays.binarySearch(curve.steps(), peak);
    int kept = after >= 0 ? after : -after - 1;
    assertThat(curve.exactPrefixes()[kept]).isGreaterThanOrEqualTo(50);
    assertThat(Arrays.stream(curve.exactPrefixes(), 0, kept)).allMatch(prefix -> prefix == 3);
  }

  @Test
  void aShortOneHasEveryStepAsItWas() {
    Curve curve = curve(300, step -> step % 7);

    assertThat(curve.steps()).hasSize(300);
    for (int i = 0; i < 300; i++) {
      assertThat(curve.exactPrefixes()[i]).isEqualTo((i + 1) % 7);
    }
  }
}
