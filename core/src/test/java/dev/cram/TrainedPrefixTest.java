package dev.cram;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.recipe.Recipe.Growth;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class TrainedPrefixTest {
  @Example
  void isTheWholeTextFromTheFirstStepUnlessItGrows() {
    TrainedPrefix prefix = new TrainedPrefix(Growth.WHOLE_TEXT, 50);
    prefix.stepped(7);

    assertThat(prefix.length()).isEqualTo(50);
    assertThat(prefix.canShrink()).isFalse();
  }

  @Example
  void growsByOneTokenWhereAllOfItIsExact() {
    TrainedPrefix prefix = new TrainedPrefix(Growth.PROGRESSIVE, 3);

    assertThat(prefix.length()).isEqualTo(1);
    prefix.stepped(0);
    assertThat(prefix.length()).isEqualTo(1);
    prefix.stepped(1);
    assertThat(prefix.length()).isEqualTo(2);
    prefix.stepped(2);
    prefix.stepped(3);
    assertThat(prefix.length()).isEqualTo(3);
  }

  @Property
  void staysAheadOfWhatWasEverExactButWithinTheText(
      @ForAll @IntRange(min = 1, max = 300) int goal,
      @ForAll @Size(max = 30) List<@IntRange(max = 300) Integer> exact) {
    TrainedPrefix prefix = new TrainedPrefix(Growth.AHEAD, goal);
    int most = 0;
    int before = prefix.length();
    for (int tokens : exact) {
      int now = Math.min(tokens, prefix.length());
      most = Math.max(most, now);
      prefix.stepped(now);
      assertThat(prefix.length()).isBetween(Math.min(goal, most + 1), goal);
      assertThat(prefix.length()).isGreaterThanOrEqualTo(before);
      before = prefix.length();
    }
  }

  @Property
  void isTheWholeTextUntilItIsStuckAndThenAheadOfWhatWasExact(
      @ForAll @IntRange(min = 1, max = 300) int goal, @ForAll @IntRange(max = 300) int exact) {
    TrainedPrefix prefix = new TrainedPrefix(Growth.WHOLE_TEXT_FIRST, goal);
    TrainedPrefix ahead = new TrainedPrefix(Growth.AHEAD, goal);
    int held = Math.min(exact, goal);
    prefix.stepped(held);
    prefix.stepped(0);
    ahead.stepped(held);

    assertThat(prefix.isFirstTry()).isTrue();
    assertThat(prefix.length()).isEqualTo(goal);
    assertThat(prefix.canShrink()).isEqualTo(held < goal - 1);

    prefix.shrink();
    assertThat(prefix.isFirstTry()).isFalse();
    assertThat(prefix.length()).isEqualTo(ahead.length());
  }

  @Property
  void shrinksUntilOneTokenIsAheadAndNoFurther(
      @ForAll @IntRange(min = 2, max = 300) int goal, @ForAll @IntRange(max = 300) int exact) {
    TrainedPrefix prefix = new TrainedPrefix(Growth.AHEAD, goal);
    int held = Math.min(exact, Math.min(goal, prefix.length()) - 1);
    prefix.stepped(held);
    int shrunk = 0;
    while (prefix.canShrink()) {
      prefix.shrink();
      shrunk++;
    }
    assertThat(prefix.length()).isEqualTo(held + 1);
    assertThat(shrunk).isLessThan(10);
  }

  @Example
  void isTooLongOnceNoLongerPrefixHasBecomeExactFor60Steps() {
    TrainedPrefix prefix = new TrainedPrefix(Growth.AHEAD, 100);
    prefix.stepped(3);
    stepped(prefix, 3, 59);
    assertThat(prefix.isTooLong()).isFalse();
    stepped(prefix, 2, 1);
    assertThat(prefix.isTooLong()).isTrue();

    prefix.stepped(4);
    assertThat(prefix.isTooLong()).isFalse();
    stepped(prefix, 4, 60);
    assertThat(prefix.isTooLong()).isTrue();
    prefix.shrink();
    assertThat(prefix.isTooLong()).isFalse();
  }

  @Property
  void isNeverTooLongWhereTheWholeTextIsToBeHeld(@ForAll boolean shrunk) {
    TrainedPrefix prefix = new TrainedPrefix(Growth.WHOLE_TEXT_FIRST, 100);
    if (shrunk) {
      prefix.shrink();
    }
    stepped(prefix, 0, 200);
    assertThat(prefix.isTooLong()).isFalse();
  }

  private static void stepped(TrainedPrefix prefix, int exactPrefix, int steps) {
    for (int step = 0; step < steps; step++) {
      prefix.stepped(exactPrefix);
    }
  }
}
