package dev.cram.app.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cram.container.Segment;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MoveTest {
  private static final int WIDTH = 400;
  private final Segment a = segment(1, 2);
  private final Segment b = segment(2, 2);

  private static Segment segment(long seed, int vectors) {
    float[] values = new float[vectors * WIDTH];
    Random random = new Random(seed);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (3 * random.nextGaussian());
    }
    return new Segment(10, vectors, values, List.of(), 1, 1);
  }

  private static Move move(double noise, int bits, double mix, Move.Swap swap) {
    return new Move("1", "2", noise, 5, bits, mix, Optional.ofNullable(swap));
  }

  private float[] apply(Move move) {
    return move.apply(a, b, List.of(b), 0);
  }

  @Test
  void nothingMovesNothing() {
    assertThat(apply(move(0, 32, 0, null))).isEqualTo(a.vectors().values());
  }

  @Test
  void noiseIsAShareOfTheVectorsSize() {
    float[] moved = apply(move(0.5, 32, 0, null));
    double added = 0;
    double size = 0;
    for (int i = 0; i < moved.length; i++) {
      added += Math.pow(moved[i] - a.vectors().values()[i], 2);
      size += Math.pow(a.vectors().values()[i], 2);
    }
    assertThat(Math.sqrt(added / size)).isCloseTo(0.5, within(0.05));
    assertThat(apply(move(0.5, 32, 0, null))).isEqualTo(moved);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8})
  void roundingLeavesFewValues(int bits) {
    float[] moved = apply(move(0, bits, 0, null));
    long values =
        java.util.stream.IntStream.range(0, WIDTH).mapToObj(i -> moved[i]).distinct().count();
    assertThat(values).isLessThanOrEqualTo(1 << bits).isGreaterThan(1);
  }

  @Test
  void mixingGoesStraightFromOneToTheOther() {
    assertThat(apply(move(0, 32, 1, null))).isEqualTo(b.vectors().values());
    float[] half = apply(move(0, 32, 0.5, null));
    assertThat(half[3])
        .isCloseTo((a.vectors().values()[3] + b.vectors().values()[3]) / 2, within(1e-6f));
  }

  @Test
  void aSwapReplacesOneVector() {
    float[] moved = apply(move(0, 32, 0, new Move.Swap(0, 1, 0, 0)));
    for (int i = 0; i < WIDTH; i++) {
      assertThat(moved[i]).isEqualTo(a.vectors().values()[i]);
      assertThat(moved[WIDTH + i]).isEqualTo(b.vectors().values()[i]);
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertThatThrownBy(() -> apply(move(0, 32, 0, new Move.Swap(0, 2, 0, 0))))
        .isInstanceOf(Refusal.class);
    assertThatThrownBy(() -> apply(move(0, 32, 0, new Move.Swap(0, 0, 7, 0))))
        .isInstanceOf(Refusal.class);
    assertThatThrownBy(() -> move(0.1, 32, 0.5, null).apply(a, segment(3, 1), List.of(b), 0))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("equally many vectors");
    assertThatThrownBy(() -> move(-1, 32, 0, null)).isInstanceOf(Refusal.class);
    assertThatThrownBy(() -> move(0, 1, 0, null)).isInstanceOf(Refusal.class);
  }
}
