package dev.cram.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {
  // get_scheduler("cosine_with_min_lr") of transformers 5.23 with 100 warm-up steps of 10,000 and
  // min_lr 0.001, as write_recipe_curves.py prints it.
  @ParameterizedTest
  @CsvSource({
    "0, 0.0",
    "1, 0.001",
    "50, 0.05",
    "99, 0.099",
    "100, 0.1",
    "101, 0.09999999750767569",
    "2575, 0.0855017856687341",
    "5050, 0.0505",
    "9999, 0.0010000024923243216",
    "10000, 0.001",
  })
  void cosineIsThatOfTransformers(int step, double expected) {
    assertThat(Schedule.cosine(0.1, 0.001, 100).learningRate(step, 10_000))
        .isCloseTo(expected, within(1e-12));
  }

  @Test
  void cosineEndsWarmingUpWhereTheStepsEnd() {
    assertThat(Schedule.cosine(0.1, 0.001, 100).learningRate(49, 50))
        .isCloseTo(0.049, within(1e-12));
  }

  @Test
  void constantStaysWhatItIs() {
    assertThat(Schedule.constant(0.01).learningRate(0, 10)).isEqualTo(0.01);
    assertThat(Schedule.constant(0.01).learningRate(9, 10)).isEqualTo(0.01);
  }
}
