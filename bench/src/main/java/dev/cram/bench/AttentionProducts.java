package dev.cram.bench;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import dev.cram.tensor.onednn.Sgemm;
import dev.cram.tensor.op.Attention;
import java.lang.foreign.Arena;

/**
 * Times only the matrix products of causal attention in one optimisation step: scores and outputs
 * forward, and the gradients to probabilities, values, queries and keys backward. Blocks of queries
 * leave out the keys behind them, as any implementation for long texts does.
 */
final class AttentionProducts {
  private static final double WARM_UP_SECONDS = 0.5;

  private final Shape.Heads shape;
  private final int rows;
  private final Matrix queries;
  private final Matrix keys;
  private final Matrix outputs;
  private final Matrix[] scores;

  private AttentionProducts(Shape.Heads shape, int rows, int threads, Arena arena) {
    this.shape = shape;
    this.rows = rows;
    int width = shape.heads() * shape.headDim();
    queries = Matrix.allocate(arena, rows, width);
    keys = Matrix.allocate(arena, rows, width);
    outputs = Matrix.allocate(arena, rows, width);
    queries.fill(0.5f);
    keys.fill(0.5f);
    scores = new Matrix[threads];
    for (int worker = 0; worker < threads; worker++) {
      scores[worker] = Matrix.allocate(arena, Attention.QUERY_BLOCK, rows);
    }
  }

  /** Of all layers of a step; 0 for a model without attention. */
  static double milliseconds(Shape shape, Options.Case of, double seconds) {
    if (shape.heads() == null) {
      return 0;
    }
    try (Arena arena = Arena.ofShared();
        Workers workers = new Workers(of.threads())) {
      var products = new AttentionProducts(shape.heads(), of.rows(), of.threads(), arena);
      Runnable step =
          () -> {
            for (int layer = 0; layer < shape.heads().layers(); layer++) {
              workers.run(products::head, shape.heads().heads());
            }
          };
      return Timing.of(step, WARM_UP_SECONDS, seconds / 2).medianMs();
    }
  }

  private void head(int head, int worker) {
    long column = 4L * head * shape.headDim();
    int stride = queries.cols();
    Matrix block = scores[worker];
    for (int from = 0; from < rows; from += Attention.QUERY_BLOCK) {
      int count = Math.min(Attention.QUERY_BLOCK, rows - from);
      int visible = from + count;
      long q = queries.address(from) + column;
      long k = keys.address(0) + column;
      long y = outputs.address(from) + column;
      for (int backward = 0; backward < 2; backward++) {
        // Scores, and the gradient to the probabilities; outputs, and the gradient to the queries.
        Sgemm.multiply(
            false,
            true,
            count,
            visible,
            shape.headDim(),
            1f,
            q,
            stride,
            k,
            stride,
            0f,
            block.address(0),
            block.cols());
        Sgemm.multiply(
            false,
            false,
            count,
            shape.headDim(),
            visible,
            1f,
            block.address(0),
            block.cols(),
            k,
            stride,
            0f,
            y,
            stride);
      }
      for (int keysOrValues = 0; keysOrValues < 2; keysOrValues++) {
        Sgemm.multiply(
            true,
            false,
            visible,
            shape.headDim(),
            count,
            1f,
            block.address(0),
            block.cols(),
            q,
            stride,
            0f,
            outputs.address(0) + column,
            stride);
      }
    }
  }
}
