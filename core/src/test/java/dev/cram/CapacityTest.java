package dev.cram;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;

class CapacityTest {
  private static final int MAX_STEPS = 600;
  private static final double NATS_OF_TOKEN = 5;
  private static final int CONTEXT = 2048;

  @Property
  void settlesNearWhatTheVectorsHold(@ForAll @DoubleRange(min = 10, max = 1500) double held) {
    // Steps grow slowly up to what is held; beyond, nothing helps.
    double nats = settle(held, n -> 40 + 40 * n / held);

    assertThat(nats).isBetween(0.5 * held, 1.6 * held);
  }

  @Example
  void growsWhereAnyTextTakesManySteps() {
    double nats = settle(400, n -> 150);

    assertThat(nats).isBetween(300.0, 450.0);
  }

  @Example
  void doesNotShrinkSinceSomeSegmentsAreLucky() {
    // As with SmolLM2-135M: three times as many steps as in the median, or a third, are nothing
    // rare.
    Random random = new Random(1);
    Capacity capacity = Capacity.first(576, false);
    double sum = 0;
    for (int i = 0; i < 600; i++) {
      double wanted = capacity.nats();
      int steps = (int) (50 * Math.exp(wanted / 184 + 0.65 * random.nextGaussian()));
      double has = steps < MAX_STEPS ? wanted : wanted / 2;
      capacity = capacity.after(wanted, has, tokens(has), Math.min(MAX_STEPS, steps), MAX_STEPS);
      sum += i < 300 ? 0 : wanted;
    }
    assertThat(sum / 300).isBetween(240.0, 350.0);
  }

  @Example
  void doesNotGrowIntoTextThatIsTooDear() {
    // The vectors would hold anything, but steps grow with the length.
    double nats = settle(Double.MAX_VALUE, n -> 20 + n / NATS_OF_TOKEN);

    assertThat(nats / NATS_OF_TOKEN).isBetween(30.0, 250.0);
  }

  @Example
  void growsAgainAfterAStretchThatVectorsHoldLittleOf() {
    Capacity capacity = Capacity.first(512, false);
    for (int i = 0; i < 10; i++) {
      capacity = capacity.after(capacity.nats(), 1, 1, 300, MAX_STEPS);
    }
    assertThat(capacity.nats()).isBetween(1.0, 5.0);
    for (int i = 0; i < 10; i++) {
      capacity = capacity.after(capacity.nats(), capacity.nats(), 1, 40, MAX_STEPS);
    }
    assertThat(capacity.nats()).isGreaterThan(10);
  }

  @Example
  void growsToTheContextWhereEveryNatIsAsCheap() {
    Capacity capacity = Capacity.first(512, false);
    for (int i = 0; i < 200; i++) {
      double nats = Math.min(capacity.nats(), CONTEXT * NATS_OF_TOKEN);
      capacity = capacity.after(nats, nats, tokens(nats), 30, MAX_STEPS);
    }
    assertThat(capacity.tokens(CONTEXT)).isEqualTo(CONTEXT);
  }

  @Example
  void aSegmentThatWasCutShortByTheTextTeachesNothing() {
    Capacity capacity = Capacity.first(512, false);

    assertThat(capacity.after(15, 15, 3, 10, MAX_STEPS).nats()).isEqualTo(capacity.nats());
  }

  @Example
  void learnsHowManyNatsATokenHas() {
    Capacity capacity = Capacity.of(110, 5.5);
    for (int i = 0; i < 30; i++) {
      capacity = capacity.after(80, 80, 40, 200, MAX_STEPS);
    }
    assertThat(capacity.natsOfToken()).isBetween(2.0, 2.1);
    assertThat(capacity.tokens(CONTEXT)).isBetween(50, 60);
  }

  private static int tokens(double nats) {
    return Math.max(1, (int) (nats / NATS_OF_TOKEN));
  }

  /** The nats after 200 segments of vectors that hold so many, in so many steps. */
  private static double settle(double held, DoubleUnaryOperator steps) {
    Capacity capacity = Capacity.first(512, false);
    for (int i = 0; i < 200; i++) {
      double wanted = capacity.nats();
      double has = wanted <= held ? wanted : held * 2 / 3;
      int spent = wanted <= held ? (int) steps.applyAsDouble(wanted) : 300;
      capacity = capacity.after(wanted, has, tokens(has), spent, MAX_STEPS);
    }
    return capacity.nats();
  }
}
