package dev.cram;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.IntUnaryOperator;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class CapacityTest {
  private static final int MAX_STEPS = 600;

  @Property
  void settlesNearWhatTheVectorsHold(@ForAll @IntRange(min = 2, max = 300) int held) {
    // Steps grow slowly up to what is held; beyond, nothing helps.
    int length = settle(held, n -> 40 + 40 * n / held);

    assertThat((double) length).isBetween(0.5 * held, 1.6 * held);
  }

  @Example
  void doesNotGrowIntoTokensThatAreTooDear() {
    // The vectors would hold anything, but steps grow with the length.
    int length = settle(Integer.MAX_VALUE, n -> 20 + n);

    assertThat(length).isBetween(30, 150);
  }

  @Example
  void growsAgainAfterAStretchThatVectorsHoldLittleOf() {
    Capacity capacity = Capacity.first(1).after(20, 20, 30, MAX_STEPS);
    for (int i = 0; i < 10; i++) {
      capacity = capacity.after(capacity.length(2048), 1, 300, MAX_STEPS);
    }
    assertThat(capacity.length(2048)).isOne();
    for (int i = 0; i < 10; i++) {
      int length = capacity.length(2048);
      capacity = capacity.after(length, length, 40, MAX_STEPS);
    }
    assertThat(capacity.length(2048)).isGreaterThan(10);
  }

  @Example
  void growsToTheContextWhereEveryTokenIsAsCheap() {
    assertThat(settle(Integer.MAX_VALUE, n -> 30)).isEqualTo(2048);
  }

  @Example
  void aSegmentThatWasCutShortByTheTextTeachesNothing() {
    Capacity capacity = Capacity.first(1);

    assertThat(capacity.after(3, 3, 10, MAX_STEPS).tokens()).isEqualTo(capacity.tokens());
  }

  /** The length after 200 segments of vectors that hold so much, in so many steps. */
  private static int settle(int held, IntUnaryOperator steps) {
    Capacity capacity = Capacity.first(1);
    for (int i = 0; i < 200; i++) {
      int wanted = capacity.length(2048);
      capacity =
          wanted <= held
              ? capacity.after(wanted, wanted, steps.applyAsInt(wanted), MAX_STEPS)
              : capacity.after(wanted, held * 2 / 3, 300, MAX_STEPS);
    }
    return capacity.length(2048);
  }
}
