package dev.cram.tensor;

import java.lang.foreign.Arena;
import java.util.Random;

/** Random inputs for the tests of ops. */
public final class TestMatrices {
  private TestMatrices() {}

  /** Independent standard normal elements. */
  public static Matrix gaussian(Arena arena, int rows, int cols, Random random) {
    Matrix matrix = Matrix.allocate(arena, rows, cols);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        matrix.set(r, c, (float) random.nextGaussian());
      }
    }
    return matrix;
  }
}
