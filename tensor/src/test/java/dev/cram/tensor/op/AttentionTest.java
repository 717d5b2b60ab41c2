package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.TestMatrices;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttentionTest {
  private record Shape(int heads, int kvHeads, int headDim, int rows, float scale, int window) {
    Shape(int heads, int kvHeads, int headDim, int rows) {
      this(heads, kvHeads, headDim, rows, (float) (1 / Math.sqrt(headDim)), Attention.NO_WINDOW);
    }

    int width() {
      return (heads + 2 * kvHeads) * headDim;
    }

    Attention attention() {
      return new Attention(heads, kvHeads, headDim, scale, window);
    }

    Matrix qkv(Arena arena) {
      return TestMatrices.gaussian(arena, rows, width(), new Random(rows));
    }

    Matrix forward(Arena arena, Attention attention, Matrix qkv) {
      Matrix y = Matrix.allocate(arena, rows, heads * headDim);
      for (int head = 0; head < heads; head++) {
        attention.forward(head, qkv, y, 0, rows);
      }
      return y;
    }

    /** Gradient to qkv, the query heads of a group added up. */
    double[] backward(Arena arena, Attention attention, Matrix qkv, Matrix dy) {
      double[] gradient = new double[rows * width()];
      Matrix dq = Matrix.allocate(arena, rows, heads * headDim + 3);
      Matrix dkv = Matrix.allocate(arena, rows, 2 * headDim + 5);
      for (int head = 0; head < heads; head++) {
        int kvHead = head / (heads / kvHeads);
        dq.fill(7f);
        dkv.fill(7f);
        attention.backward(head, qkv, dy, rows, dq, 3 + head * headDim, dkv, 2, headDim + 4);
        for (int row = 0; row < rows; row++) {
          for (int i = 0; i < headDim; i++) {
            gradient[row * width() + head * headDim + i] += dq.get(row, 3 + head * headDim + i);
            dq.set(row, 3 + head * headDim + i, 7f);
            gradient[row * width() + (heads + kvHead) * headDim + i] += dkv.get(row, 2 + i);
            dkv.set(row, 2 + i, 7f);
            gradient[row * width() + (heads + kvHeads + kvHead) * headDim + i] +=
                dkv.get(row, headDim + 4 + i);
            dkv.set(row, headDim + 4 + i, 7f);
          }
        }
        assertThat(dq.toArray()).as("columns around dq").containsOnly(7f);
        assertThat(dkv.toArray()).as("columns around dkv").containsOnly(7f);
      }
      return gradient;
    }

    double[] reference(double[] qkv) {
      double[] y = new double[rows * heads * headDim];
      double[] p = new double[rows];
      for (int head = 0; head < heads; head++) {
        int kvHead = head / (heads / kvHeads);
        int keys = (heads + kvHead) * headDim;
        int values = (heads + kvHeads + kvHead) * headDim;
        for (int i = 0; i < rows; i++) {
          int first = Math.max(0, i - window + 1);
          double sum = 0;
          for (int j = first; j <= i; j++) {
            double score = 0;
            for (int c = 0; c < headDim; c++) {
              score += qkv[i * width() + head * headDim + c] * qkv[j * width() + keys + c];
            }
            p[j] = Math.exp(score * scale);
            sum += p[j];
          }
          for (int j = first; j <= i; j++) {
            for (int c = 0; c < headDim; c++) {
              y[(i * heads + head) * headDim + c] += p[j] / sum * qkv[j * width() + values + c];
            }
          }
        }
      }
      return y;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 8, 1",
    "2, 1, 5, 2",
    "1, 1, 1, 3",
    "4, 2, 16, 31",
    "4, 4, 12, 32",
    "6, 3, 16, 33",
    "3, 1, 24, 65",
    "9, 3, 64, 40",
  })
  void agreesWithTheFormulaAndItsFiniteDifferences(int heads, int kvHeads, int headDim, int rows) {
    assertAgrees(new Shape(heads, kvHeads, headDim, rows));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "1, 2",
    "5, 1",
    "5, 2",
    "5, 4",
    "5, 5",
    "5, 6",
    "5, 40",
    "32, 31",
    "32, 32",
    "32, 33",
    "33, 150",
    "70, 69",
    "70, 70",
    "70, 71",
    "100, 230",
  })
  void agreesWithTheFormulaInASlidingWindow(int window, int rows) {
    assertAgrees(new Shape(4, 2, 12, rows, 0.4f, window));
  }

  private static void assertAgrees(Shape shape) {
    try (Arena arena = Arena.ofConfined()) {
      Matrix qkv = shape.qkv(arena);
      Matrix dy =
          TestMatrices.gaussian(arena, shape.rows, shape.heads * shape.headDim, new Random(9));
      Attention attention = shape.attention();

      Matrix y = shape.forward(arena, attention, qkv);
      double[] gradient = shape.backward(arena, attention, qkv, dy);

      double[] x = Numeric.doubles(qkv);
      double[] direction = Numeric.doubles(dy);
      Numeric.assertClose(Numeric.doubles(y), shape.reference(x), 2e-6);
      Numeric.assertGradient(
          gradient, in -> Numeric.dot(direction, shape.reference(in)), x, 120, 5e-6);
    }
  }

  @ParameterizedTest
  @CsvSource({"4, 2, 16, 31", "4, 2, 20, 33", "3, 1, 8, 65", "2, 1, 5, 2"})
  void givesTheSameInPiecesAsAtOnce(int heads, int kvHeads, int headDim, int rows) {
    assertSameInPieces(new Shape(heads, kvHeads, headDim, rows));
  }

  @ParameterizedTest
  @CsvSource({"1, 3", "5, 5", "5, 6", "7, 65", "32, 100", "70, 71", "100, 230"})
  void givesTheSameInPiecesInASlidingWindow(int window, int rows) {
    assertSameInPieces(new Shape(4, 2, 12, rows, 0.4f, window));
  }

  private static void assertSameInPieces(Shape shape) {
    int rows = shape.rows;
    int heads = shape.heads;
    try (Arena arena = Arena.ofConfined()) {
      Matrix qkv = shape.qkv(arena);
      double[] whole = Numeric.doubles(shape.forward(arena, shape.attention(), qkv));
      for (int cut : new int[] {1, rows / 2, rows - 1}) {
        Attention attention = shape.attention();
        Matrix y = Matrix.allocate(arena, rows, heads * shape.headDim);
        for (int head = 0; head < heads; head++) {
          attention.forward(head, qkv, y, 0, cut);
          attention.forward(head, qkv, y, cut, rows);
        }
        Numeric.assertClose(Numeric.doubles(y), whole, 1e-6);
      }
      Attention attention = shape.attention();
      Matrix y = Matrix.allocate(arena, rows, heads * shape.headDim);
      for (int row = 0; row < rows; row++) {
        for (int head = 0; head < heads; head++) {
          attention.forward(head, qkv, y, row, row + 1);
        }
      }
      Numeric.assertClose(Numeric.doubles(y), whole, 1e-6);
    }
  }

  @Test
  void nothingLeftFromALongerSequenceMatters() {
    Shape shape = new Shape(4, 2, 20, 45);
    Shape longer = new Shape(4, 2, 20, 300);
    try (Arena arena = Arena.ofConfined()) {
      Matrix qkv = shape.qkv(arena);
      Matrix dy = TestMatrices.gaussian(arena, 45, 80, new Random(9));
      Matrix spoiled = Matrix.allocate(arena, 300, shape.width());
      spoiled.fill(Float.NaN);
      Matrix spoiledDy = Matrix.allocate(arena, 300, 80);
      spoiledDy.fill(Float.NaN);
      Attention fresh = shape.attention();
      Attention used = shape.attention();
      longer.forward(arena, used, spoiled);
      longer.backward(arena, used, spoiled, spoiledDy);

      Numeric.assertSameBits(
          shape.forward(arena, used, qkv).toArray(), shape.forward(arena, fresh, qkv).toArray());
      Numeric.assertClose(
          shape.backward(arena, used, qkv, dy), shape.backward(arena, fresh, qkv, dy), 0);
    }
  }

  @Test
  void noRowSeesALaterOne() {
    Shape shape = new Shape(2, 1, 12, 40);
    try (Arena arena = Arena.ofConfined()) {
      Matrix qkv = shape.qkv(arena);
      Matrix y = shape.forward(arena, shape.attention(), qkv);
      for (int row = 20; row < 40; row++) {
        for (int col = 0; col < shape.width(); col++) {
          qkv.set(row, col, -50f);
        }
      }

      Matrix changed = shape.forward(arena, shape.attention(), qkv);

      assertThat(changed.slice(0, 20).toArray()).isEqualTo(y.slice(0, 20).toArray());
    }
  }

  @Test
  void rowsBeforeTheWindowAreNotRead() {
    Shape shape = new Shape(2, 1, 12, 90, 0.3f, 10);
    try (Arena arena = Arena.ofConfined()) {
      Matrix qkv = shape.qkv(arena);
      Matrix y = shape.forward(arena, shape.attention(), qkv);
      qkv.slice(0, 71).fill(Float.NaN);
      Attention attention = shape.attention();
      Matrix last = Matrix.allocate(arena, 90, 24);

      attention.forward(0, qkv, last, 80, 90);
      attention.forward(1, qkv, last, 80, 90);

      Numeric.assertClose(
          Numeric.doubles(last.slice(80, 90)), Numeric.doubles(y.slice(80, 90)), 1e-6);
    }
  }

  @Test
  void survivesScoresBeyondTheRangeOfExp() {
    Shape shape = new Shape(1, 1, 16, 35);
    try (Arena arena = Arena.ofConfined()) {
      Matrix qkv = shape.qkv(arena);
      for (int row = 0; row < 35; row++) {
        for (int col = 0; col < 32; col++) {
          qkv.set(row, col, 100 * qkv.get(row, col));
        }
      }
      Matrix dy = TestMatrices.gaussian(arena, 35, 16, new Random(9));

      Matrix y = shape.forward(arena, shape.attention(), qkv);
      double[] gradient = shape.backward(arena, shape.attention(), qkv, dy);

      for (float value : y.toArray()) {
        assertThat(value).isFinite().isBetween(-5f, 5f);
      }
      for (double value : gradient) {
        assertThat(value).isFinite();
      }
      assertThat(y.slice(0, 1).toArray())
          .as("the first row sees only its own value")
          .isEqualTo(firstValue(qkv));
    }
  }

  private static float[] firstValue(Matrix qkv) {
    float[] value = new float[16];
    for (int i = 0; i < 16; i++) {
      value[i] = qkv.get(0, 32 + i);
    }
    return value;
  }
}
