package dev.cram.lm;

import dev.cram.lm.layer.Flow;
import dev.cram.lm.layer.Plan;
import dev.cram.lm.layer.Stage;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;

/** A fixture's model, opened, with its text, its [mem] vectors and a gradient pass over both. */
final class FixtureModel implements AutoCloseable {
  private static final String GGUF = ".gguf";

  final Fixture fixture;
  final Workers workers;
  final CausalLm lm;
  final Arena arena = Arena.ofShared();
  final int[] ids;
  final Matrix mem;
  final GradientPass pass;

  /**
   * @param name the fixture's name, or with {@code .gguf} behind it: the same model in such a file
   */
  FixtureModel(String name, Precision precision, int threads) {
    boolean gguf = name.endsWith(GGUF);
    fixture = new Fixture(gguf ? name.substring(0, name.length() - GGUF.length()) : name);
    workers = new Workers(threads);
    String model = gguf ? "src/test/resources/gguf/" + name : fixture.directory.toString();
    lm = CausalLm.open(model, precision, workers);
    ids = fixture.ids("ids");
    float[] values = fixture.floats("mem");
    mem = Matrix.of(arena, values.length / lm.embeddingSize(), lm.embeddingSize(), values);
    pass = new GradientPass(lm, mem.rows() + ids.length - 1, workers);
    pass.text(ids, mem.rows());
  }

  /** The mean over t_2 .. t_n, t_1 being given. */
  float[] givenFirst() {
    float[] weights = new float[ids.length];
    Arrays.fill(weights, 1, weights.length, 1f / (weights.length - 1));
    return weights;
  }

  /** The mean over t_1 .. t_n. */
  float[] predictAll() {
    float[] weights = new float[ids.length];
    Arrays.fill(weights, 1f / weights.length);
    return weights;
  }

  /** Random vectors of the scale of token embeddings, {@code [vectors, embeddingSize]}. */
  Matrix randomMem(int vectors, Random random) {
    Matrix mem = Matrix.allocate(arena, vectors, lm.embeddingSize());
    float std = lm.embeddingStd();
    for (int row = 0; row < vectors; row++) {
      for (int col = 0; col < mem.cols(); col++) {
        mem.set(row, col, (float) random.nextGaussian() * std);
      }
    }
    return mem;
  }

  /** The input rows {@code [mem; E(ids)]}, the first {@code rows} of them; mem may be null. */
  Matrix inputRows(Matrix mem, int rows) {
    int vectors = mem == null ? 0 : mem.rows();
    Matrix input = Matrix.allocate(arena, rows, lm.embeddingSize());
    for (int row = 0; row < rows; row++) {
      if (row < vectors) {
        input.copyRow(row, mem, row);
      } else {
        lm.network().embeddings().copyRow(ids[row - vectors], input, row);
      }
    }
    return input;
  }

  /**
   * Logits of all rows of [mem; ids], {@code [K + n, vocabularySize]}; mem may be null.
   *
   * @param ends where each piece ends that goes through the model by itself; the last is K + n
   */
  float[] logits(Matrix mem, int... ends) {
    int rows = ends[ends.length - 1];
    try (Multiplier multiplier = new Multiplier(workers, rows)) {
      Plan plan = new Plan(arena, workers, multiplier, rows, false);
      Stage body = lm.network().body().plan(new Flow(inputRows(mem, rows), null), null, plan);
      Matrix logits = Matrix.allocate(arena, rows, lm.vocabularySize());
      int from = 0;
      for (int end : ends) {
        body.forward(from, end);
        // What a stage wrote may be overwritten by the next piece.
        lm.network().head().forward(multiplier, body.output(), logits, from, end);
        from = end;
      }
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
