package dev.cram.lm.arch;

import dev.cram.lm.files.WeightRows;
import dev.cram.tensor.Matrix;
import java.lang.foreign.Arena;

/**
 * The input rows of tokens.
 *
 * @param rows {@code [vocabularySize, embeddingSize]}
 * @param scale what rows are multiplied with on their way in
 */
public record TokenEmbeddings(WeightRows rows, float scale) {
  /** The width of a row. */
  public int embeddingSize() {
    return rows.cols();
  }

  /**
   * Copies the input row of a token to a row of {@code input}, {@code [*, embeddingSize]}.
   *
   * @throws dev.cram.lm.InputException if the row holds an element that is infinite or not a number
   */
  public void copyRow(int token, Matrix input, int row) {
    rows.copyRow(token, input, row);
    if (scale != 1) {
      for (int col = 0; col < input.cols(); col++) {
        input.set(row, col, scale * input.get(row, col));
      }
    }
  }

  /** The standard deviation of all elements of all input rows. */
  public float standardDeviation() {
    double sum = 0;
    double squares = 0;
    float[] values = new float[rows.cols()];
    try (Arena arena = Arena.ofConfined()) {
      Matrix decoded = Matrix.allocate(arena, 1, rows.cols());
      for (int row = 0; row < rows.rows(); row++) {
        rows.copyRow(row, decoded, 0);
        decoded.copyTo(values);
        for (double value : values) {
          sum += value;
          squares += value * value;
        }
      }
    }
    double count = (double) rows.rows() * rows.cols();
    double mean = sum / count;
    // With Bessel's correction, as torch.std has it.
    return scale * (float) Math.sqrt((squares - count * mean * mean) / (count - 1));
  }
}
