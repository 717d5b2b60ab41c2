package dev.cram.lm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.lm.layer.Flow;
import dev.cram.lm.layer.Plan;
import dev.cram.lm.layer.Stage;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.AdamW;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every architecture against transformers. */
class ParityTest {
  static Stream<Arguments> cases() {
    return Stream.of("llama", "llama_tied_mha", "llama3_rope", "llama_bf16")
        .flatMap(
            name -> Stream.of(1, 2).map(threads -> Arguments.of(name, Precision.F32, threads)));
  }

  static Stream<Arguments> casesWithBf16() {
    return Stream.concat(
        cases(),
        Stream.of(1, 2).map(threads -> Arguments.of("llama_bf16", Precision.BF16, threads)));
  }

  @ParameterizedTest
  @MethodSource("casesWithBf16")
  void logitsAreThoseOfTransformers(String name, Precision precision, int threads) {
    try (Bench b = new Bench(name, precision, threads)) {
      float tolerance = precision == Precision.F32 ? 2e-4f : 3e-2f;
      int n = b.ids.length;
      float[] plain = b.logits(null);
      assertClose(plain, b.fixture.floats("logits"), tolerance);
      float[] withMem = b.logits(b.mem);
      int vocabularySize = b.lm.vocabularySize();
      assertClose(
          Arrays.copyOfRange(
              withMem, b.mem.rows() * vocabularySize, (b.mem.rows() + n) * vocabularySize),
          b.fixture.floats("mem_logits"),
          tolerance);
    }
  }

  @ParameterizedTest
  @MethodSource("casesWithBf16")
  void lossesAndGradientsAreThoseOfTransformers(String name, Precision precision, int threads) {
    try (Bench b = new Bench(name, precision, threads)) {
      float lossTolerance = precision == Precision.F32 ? 1e-5f : 3e-2f;
      float gradientTolerance = precision == Precision.F32 ? 1e-4f : 3e-2f;
      Matrix gradient = Matrix.allocate(b.arena, b.mem.rows(), b.mem.cols());

      double memLoss = b.pass.run(b.mem, b.ids.length, b.givenFirst(), gradient);
      assertThat(memLoss).isCloseTo(b.fixture.floats("mem_loss")[0], offset(lossTolerance));
      assertRelative(gradient.toArray(), b.fixture.floats("mem_grad"), gradientTolerance);

      float[] all = new float[b.ids.length];
      Arrays.fill(all, 1f / all.length);
      double allLoss = b.pass.run(b.mem, b.ids.length, all, gradient);
      assertThat(allLoss).isCloseTo(b.fixture.floats("all_loss")[0], offset(lossTolerance));
      assertRelative(gradient.toArray(), b.fixture.floats("all_grad"), gradientTolerance);
    }
  }

  @ParameterizedTest
  @MethodSource("casesWithBf16")
  void fiveAdamWStepsEndWhereThoseOfPyTorchEnd(String name, Precision precision, int threads) {
    try (Bench b = new Bench(name, precision, threads)) {
      Matrix gradient = Matrix.allocate(b.arena, b.mem.rows(), b.mem.cols());
      float[] parameters = b.mem.toArray();
      AdamW adamW = new AdamW(parameters.length, 0.9, 0.9, 1e-8, 0.01);
      for (int step = 0; step < 5; step++) {
        b.mem.copyFrom(parameters);
        b.pass.run(b.mem, b.ids.length, b.givenFirst(), gradient);
        adamW.step(parameters, gradient.toArray(), 0.01);
      }
      assertRelative(
          parameters, b.fixture.floats("mem_adamw5"), precision == Precision.F32 ? 1e-4f : 3e-2f);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void greedyDecodingWithACacheIsThatOfTransformers(String name, Precision precision, int threads) {
    try (Bench b = new Bench(name, precision, threads);
        GreedyDecoder decoder = new GreedyDecoder(b.lm, b.mem.rows() + b.ids.length, b.workers)) {
      int[] decoded = new int[b.ids.length];
      decoder.start(b.mem);
      decoded[0] = b.ids[0];
      for (int i = 1; i < decoded.length; i++) {
        decoder.feed(decoded[i - 1]);
        decoded[i] = decoder.next();
      }
      assertThat(decoded).isEqualTo(b.fixture.ids("greedy"));
    }
  }

  @ParameterizedTest
  @MethodSource("casesWithBf16")
  void marginsOfTheGradientPassAreThoseOfTheDecodingPath(
      String name, Precision precision, int threads) {
    try (Bench b = new Bench(name, precision, threads);
        GreedyDecoder decoder = new GreedyDecoder(b.lm, b.mem.rows() + b.ids.length, b.workers)) {
      float[] all = new float[b.ids.length];
      Arrays.fill(all, 1f / all.length);
      b.pass.run(b.mem, b.ids.length, all, null);
      decoder.start(b.mem);
      float tolerance = precision == Precision.F32 ? 1e-3f : 0.2f;
      for (int i = 0; i < b.ids.length; i++) {
        assertThat(decoder.margin(b.ids[i]))
            .isCloseTo(b.pass.margins()[i], org.assertj.core.data.Offset.offset(tolerance));
        decoder.feed(b.ids[i]);
      }
    }
  }

  private static org.assertj.core.data.Offset<Double> offset(float tolerance) {
    return org.assertj.core.data.Offset.offset((double) tolerance);
  }

  /** Every element within a share of the largest magnitude. */
  private static void assertClose(float[] actual, float[] expected, float share) {
    assertThat(actual).hasSameSizeAs(expected);
    float largest = 0;
    float worst = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
    }
    assertThat(worst / largest).isLessThan(share);
  }

  /** L2 distance relative to the L2 length. */
  private static void assertRelative(float[] actual, float[] expected, float tolerance) {
    assertThat(actual).hasSameSizeAs(expected);
    double distance = 0;
    double length = 0;
    for (int i = 0; i < expected.length; i++) {
      distance += Math.pow(actual[i] - expected[i], 2);
      length += Math.pow(expected[i], 2);
    }
    assertThat(Math.sqrt(distance / length)).isLessThan(tolerance);
  }

  /** A fixture's model, opened, with its [mem] vectors and a gradient pass. */
  private static final class Bench implements AutoCloseable {
    final Fixture fixture;
    final Workers workers;
    final CausalLm lm;
    final Arena arena = Arena.ofShared();
    final int[] ids;
    final Matrix mem;
    final GradientPass pass;

    Bench(String name, Precision precision, int threads) {
      fixture = new Fixture(name);
      workers = new Workers(threads);
      lm = CausalLm.open(fixture.directory.toString(), precision, workers);
      ids = fixture.ids("ids");
      float[] values = fixture.floats("mem");
      mem = Matrix.of(arena, values.length / lm.embeddingSize(), lm.embeddingSize(), values);
      pass = new GradientPass(lm, mem.rows() + ids.length - 1, workers);
      pass.text(ids, mem.rows());
    }

    float[] givenFirst() {
      float[] weights = new float[ids.length];
      Arrays.fill(weights, 1, weights.length, 1f / (weights.length - 1));
      return weights;
    }

    /** Logits of all rows of [mem; ids], {@code [K + n, vocabularySize]}; mem may be null. */
    float[] logits(Matrix mem) {
      int vectors = mem == null ? 0 : mem.rows();
      int rows = vectors + ids.length;
      try (Multiplier multiplier = new Multiplier(workers, rows)) {
        Matrix input = Matrix.allocate(arena, rows, lm.embeddingSize());
        for (int row = 0; row < rows; row++) {
          if (row < vectors) {
            input.copyRow(row, mem, row);
          } else {
            input.copyRow(row, lm.network().embeddings(), ids[row - vectors]);
          }
        }
        Plan plan = new Plan(arena, workers, multiplier, rows, false);
        Stage body = lm.network().body().plan(new Flow(input, null), null, plan);
        body.forward(0, rows);
        Matrix logits = Matrix.allocate(arena, rows, lm.vocabularySize());
        lm.network().head().forward(multiplier, body.output(), logits, 0, rows);
        return logits.toArray();
      }
    }

    @Override
    public void close() {
      pass.close();
      lm.close();
      workers.close();
      arena.close();
      fixture.close();
    }
  }
}
