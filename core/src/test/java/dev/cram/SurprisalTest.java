package dev.cram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cram.lm.CausalLm;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SurprisalTest {
  private static Workers workers;
  private static CausalLm lm;
  private static int[] ids;

  /** What Hugging Face computes for the same tokens, by token. */
  private static double[] crossEntropies;

  @BeforeAll
  static void open() {
    workers = new Workers(1);
    Path directory = TestModels.directory("llama");
    lm = CausalLm.open(directory.toString(), Precision.F32, workers);
    Path expected = directory.resolve("expected.safetensors");
    ids = Arrays.stream(TestModels.numbers(expected, "ids")).mapToInt(x -> (int) x).toArray();
    crossEntropies = crossEntropies(TestModels.numbers(expected, "logits"));
  }

  @AfterAll
  static void close() {
    lm.close();
    workers.close();
  }

  @Test
  void isTheCrossEntropyOfEachTokenAfterTheFirst() {
    double[] nats;
    try (Surprisal surprisal = new Surprisal(lm, workers)) {
      nats = surprisal.of(ids);
    }

    assertThat(nats).hasSameSizeAs(ids);
    double sum = 0;
    for (int i = 1; i < ids.length; i++) {
      assertThat(nats[i]).isCloseTo(crossEntropies[i], within(1e-3));
      sum += crossEntropies[i];
    }
    assertThat(nats[0]).isCloseTo(sum / (ids.length - 1), within(1e-3));
  }

  @Test
  void aTokenByItselfHasAsManyNatsAsATokenAtRandom() {
    try (Surprisal surprisal = new Surprisal(lm, workers)) {
      assertThat(surprisal.of(Arrays.copyOf(ids, 1))).containsExactly(Math.log(512));
    }
  }

  @Test
  void aTextThatIsLongerThanThePositionsIsMeasuredInPieces() {
    int window = Math.min(Surprisal.WINDOW, lm.maxPositions());
    int[] many = new int[2 * window + 3];
    for (int i = 0; i < many.length; i++) {
      many[i] = ids[i % window % ids.length];
    }
    double[] nats;
    try (Surprisal surprisal = new Surprisal(lm, workers)) {
      nats = surprisal.of(many);
    }

    assertThat(nats[window + 1]).isCloseTo(crossEntropies[1], within(1e-3));
    assertThat(nats[0]).isGreaterThan(1);
    assertThat(nats[2 * window + 2]).isCloseTo(crossEntropies[2], within(1e-3));
  }

  private static double[] crossEntropies(double[] logits) {
    double[] result = new double[ids.length];
    int vocabulary = logits.length / ids.length;
    for (int i = 1; i < ids.length; i++) {
      double[] row = Arrays.copyOfRange(logits, (i - 1) * vocabulary, i * vocabulary);
      double sum = Arrays.stream(row).map(Math::exp).sum();
      result[i] = Math.log(sum) - row[ids[i]];
    }
    return result;
  }
}
