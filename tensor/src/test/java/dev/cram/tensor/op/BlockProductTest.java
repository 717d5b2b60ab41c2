package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockProductTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "4, 32, 8",
    "5, 33, 7",
    "3, 31, 0",
    "31, 17, 64",
    "32, 64, 33",
    "33, 100, 1",
    "65, 65, 65",
  })
  void agreesWithThePlainSums(int m, int n, int k) {
    for (boolean transposed : new boolean[] {false, true}) {
      for (boolean add : new boolean[] {false, true}) {
        check(m, n, k, transposed, add);
      }
    }
  }

  private static void check(int m, int n, int k, boolean transposed, boolean add) {
    Random random = new Random(m * 31L + n);
    int rows = BlockProduct.padRows(m);
    int cols = BlockProduct.padColumns(n);
    int cRow = cols + 5;
    int bRow = cols + 3;
    int aRow = transposed ? 1 : k + 2;
    int aCol = transposed ? rows + 1 : 1;
    int at = 9;
    // What stands in the padding must not reach any element: it is NaN.
    float[] a = filled(at + rows * aRow + k * aCol);
    float[] b = filled(at + k * bRow + cols);
    float[] c = filled(at + rows * cRow);
    for (int p = 0; p < k; p++) {
      for (int i = 0; i < m; i++) {
        a[at + i * aRow + p * aCol] = (float) random.nextGaussian();
      }
      for (int j = 0; j < n; j++) {
        b[at + p * bRow + j] = (float) random.nextGaussian();
      }
    }
    double[] expected = new double[m * n];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        float before = (float) random.nextGaussian();
        c[at + i * cRow + j] = before;
        double sum = add ? before : 0;
        for (int p = 0; p < k; p++) {
          sum += (double) a[at + i * aRow + p * aCol] * b[at + p * bRow + j];
        }
        expected[i * n + j] = sum;
      }
    }

    BlockProduct.multiply(a, at, aRow, aCol, b, at, bRow, c, at, cRow, m, n, k, add);

    double[] actual = new double[m * n];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        actual[i * n + j] = c[at + i * cRow + j];
      }
      for (int j = cols; j < cRow && at + i * cRow + j < c.length; j++) {
        assertThat(c[at + i * cRow + j]).as("beyond the padding").isNaN();
      }
    }
    Numeric.assertClose(actual, expected, 1e-6);
  }

  private static float[] filled(int size) {
    float[] values = new float[size];
    Arrays.fill(values, Float.NaN);
    return values;
  }
}
