package dev.cram.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class LimitedMemoryBfgsTest {
  @Property(tries = 50)
  void findsTheLowestPointOfAQuadraticWhateverItsScale(
      @ForAll @IntRange(min = 1, max = 12) int size,
      @ForAll @LongRange(min = 0, max = 1_000) long seed,
      @ForAll @IntRange(min = -6, max = 8) int exponent) {
    RandomGenerator random = new SplittableRandom(seed);
    double scale = Math.pow(10, exponent);
    double[] curvatures = random.doubles(size, 0.2, 5).toArray();
    double[] lowest = random.doubles(size, -3, 3).toArray();
    float[] parameters = Gaussian.draw(size, 1, random);
    float[] gradient = new float[size];
    Optimiser optimiser = new LimitedMemoryBfgs();
    for (int step = 0; step < 60; step++) {
      for (int i = 0; i < size; i++) {
        gradient[i] = (float) (scale * curvatures[i] * (parameters[i] - lowest[i]));
      }
      optimiser.step(parameters, gradient, 0.3);
    }

    for (int i = 0; i < size; i++) {
      assertThat((double) parameters[i]).isCloseTo(lowest[i], within(1e-3));
    }
  }

  /**
   * The slope of log cosh hardly changes far from its lowest point, so that first moves overshoot.
   */
  @Test
  void takesBackAMoveThatGoesTooFar() {
    float[] parameters = {40, -30, 0.1f};
    float[] gradient = new float[3];
    Optimiser optimiser = new LimitedMemoryBfgs();
    for (int step = 0; step < 120; step++) {
      for (int i = 0; i < 3; i++) {
        gradient[i] = (float) Math.tanh(parameters[i] - i);
      }
      optimiser.step(parameters, gradient, 0.3);
    }

    assertThat(parameters[0]).isCloseTo(0, within(1e-3f));
    assertThat(parameters[1]).isCloseTo(1, within(1e-3f));
    assertThat(parameters[2]).isCloseTo(2, within(1e-3f));
  }

  @Test
  void goesOnWhenTheObjectiveChanges() {
    float[] parameters = {1, 2};
    float[] gradient = new float[2];
    Optimiser optimiser = new LimitedMemoryBfgs();
    for (int goal = 0; goal < 3; goal++) {
      optimiser.objectiveChanged();
      for (int step = 0; step < 25; step++) {
        gradient[0] = parameters[0] - goal;
        gradient[1] = 3 * (parameters[1] + goal);
        optimiser.step(parameters, gradient, 0.3);
      }
      assertThat(parameters[0]).isCloseTo(goal, within(1e-3f));
      assertThat(parameters[1]).isCloseTo(-goal, within(1e-3f));
    }
  }

  @Test
  void staysWhereTheGradientIsNothing() {
    float[] parameters = {1, 2};
    Optimiser optimiser = new LimitedMemoryBfgs();
    for (int step = 0; step < 3; step++) {
      optimiser.step(parameters, new float[2], 0.3);
    }
    assertThat(parameters).containsExactly(1, 2);
  }
}
