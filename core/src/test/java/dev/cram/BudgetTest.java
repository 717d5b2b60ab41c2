package dev.cram;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A text whose segments cost what those of a real model do, and a clock that they move. */
class BudgetTest {
  private static final int TOKENS = 20_000;

  private static final double NATS_OF_TOKEN = 5.5;

  /** Vectors hold this many tokens. */
  private static final int MOST = 40;

  private long nanos;
  private int segments;
  private int done;

  /** Tokens of the shortest segment but the last. */
  private int shortest;

  @ParameterizedTest
  @ValueSource(doubles = {400, 600, 900, 1500, 2500})
  void theTimeIsUsedAndNotMuchMore(double seconds) {
    run(seconds);

    assertThat(done).isEqualTo(TOKENS);
    assertThat(nanos / 1e9).isBetween(0.75 * seconds, 1.05 * seconds);
  }

  @Test
  void moreTimeMeansFewerVectors() {
    int before = Integer.MAX_VALUE;
    for (double seconds : new double[] {400, 800, 1600, 3200}) {
      run(seconds);
      assertThat(segments).isLessThan(before);
      before = segments;
    }
  }

  @Test
  void withoutTimeLengthsStayWhereTokensAreCheapest() {
    run(30);

    assertThat(nanos / 1e9).isLessThan(40);
    // One token a segment would be done with a sixth of the tokens that are done at 6 to 12.
    assertThat((double) done / segments).isBetween(5.0, 14.0);
    assertThat(done).isLessThan(TOKENS);
  }

  @Test
  void withAllTheTimeVectorsHoldWhatTheyCan() {
    run(1e6);

    assertThat((double) done / segments).isGreaterThan(0.75 * MOST);
  }

  @Test
  void onAMachineThatGetsSlowVectorsAreNotSpentOnSingleTokens() {
    // Four times as slow for the last third of the time, and short segments cost next to nothing.
    run(
        800,
        n -> {
          double spent = 0.01 * (8 + n) * (2 + 12 * Math.expm1(n / 14.0)) / 10;
          return nanos > 530e9 ? 4 * spent : spent;
        });

    assertThat(shortest).isGreaterThan(6);
    assertThat(nanos / 1e9).isLessThan(1.05 * 800);
    assertThat(done).isGreaterThan(TOKENS / 2);
  }

  private void run(double seconds) {
    // Some steps for any segment, and each further token takes more of them than the one before.
    run(seconds, n -> 0.01 * (8 + n) * (10 + 12 * Math.expm1(n / 14.0)) / 10);
  }

  /**
   * @param cost seconds of a segment of so many tokens
   */
  private void run(double seconds, IntToDoubleFunction cost) {
    nanos = 0;
    segments = 0;
    done = 0;
    shortest = Integer.MAX_VALUE;
    int lanes = 2;
    Budget budget = new Budget(seconds, TOKENS, lanes, 1, Capacity.first(256, false), () -> nanos);
    while (done < TOKENS && !budget.isOver()) {
      int stretch = budget.segments(4);
      for (int i = 0; i < stretch && done < TOKENS; i++) {
        int wanted = Math.min(budget.capacity().tokens(128), TOKENS - done);
        int held = Math.min(wanted, MOST);
        double spent = cost.applyAsDouble(wanted);
        nanos += (long) (spent * 1e9 / lanes);
        budget.spent(spent, NATS_OF_TOKEN * wanted, NATS_OF_TOKEN * held, held);
        done += held;
        shortest = done < TOKENS ? Math.min(shortest, held) : shortest;
        segments++;
      }
    }
  }
}
