package dev.cram.bench.ops;

import dev.cram.tensor.HugePageArena;
import dev.cram.tensor.Matrix;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;

/** The memory of one benchmark, filled with values of random sign from 0.01 to 1. */
final class OpState implements AutoCloseable {
  private final Arena arena = new HugePageArena();
  private final SplittableRandom random = new SplittableRandom(1);

  Arena arena() {
    return arena;
  }

  Matrix random(int rows, int cols) {
    Matrix matrix = Matrix.allocate(arena, rows, cols);
    for (int row = 0; row < rows; row++) {
      for (int col = 0; col < cols; col++) {
        float size = 0.01f + 0.99f * (float) random.nextDouble();
        matrix.set(row, col, random.nextBoolean() ? size : -size);
      }
    }
    return matrix;
  }

  float[] randomValues(int count) {
    return random(1, count).toArray();
  }

  @Override
  public void close() {
    arena.close();
  }
}
