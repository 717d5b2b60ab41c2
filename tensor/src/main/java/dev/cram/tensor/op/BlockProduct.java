package dev.cram.tensor.op;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of small matrices that change at every step, where packing for oneDNN would not pay:
 * {@code c[m, n] (+)= a[m, k] * b[k, n]} on heap arrays.
 *
 * <p>c and b are row-major with strides that leave room for {@link #padColumns} columns, c and a
 * have room for {@link #padRows} rows; what stands in the padding is read and written freely but
 * never mixes into other elements.
 */
final class BlockProduct {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final int ROWS = 4;

  private BlockProduct() {}

  /** Rows that a product may touch. */
  static int padRows(int m) {
    return Math.ceilDiv(m, ROWS) * ROWS;
  }

  /** Columns that a product may touch. */
  static int padColumns(int n) {
    return Math.ceilDiv(n, 2 * LANES) * 2 * LANES;
  }

  /**
   * Multiplies.
   *
   * @param aRow elements from one row of a to the next
   * @param aCol elements from one column of a to the next
   * @param add whether c is added to, or overwritten
   */
  static void multiply(
      float[] a,
      int aAt,
      int aRow,
      int aCol,
      float[] b,
      int bAt,
      int bRow,
      float[] c,
      int cAt,
      int cRow,
      int m,
      int n,
      int k,
      boolean add) {
    for (int j = 0; j < n; j += 2 * LANES) {
      for (int i = 0; i < m; i += ROWS) {
        tile(a, aAt + i * aRow, aRow, aCol, b, bAt + j, bRow, c, cAt + i * cRow + j, cRow, k, add);
      }
    }
  }

  /** Four rows by two vectors: eight sums stay in registers. */
  private static void tile(
      float[] a,
      int aAt,
      int aRow,
      int aCol,
      float[] b,
      int bAt,
      int bRow,
      float[] c,
      int cAt,
      int cRow,
      int k,
      boolean add) {
    FloatVector c00;
    FloatVector c01;
    FloatVector c10;
    FloatVector c11;
    FloatVector c20;
    FloatVector c21;
    FloatVector c30;
    FloatVector c31;
    if (add) {
      c00 = FloatVector.fromArray(SPECIES, c, cAt);
      c01 = FloatVector.fromArray(SPECIES, c, cAt + LANES);
      c10 = FloatVector.fromArray(SPECIES, c, cAt + cRow);
      c11 = FloatVector.fromArray(SPECIES, c, cAt + cRow + LANES);
      c20 = FloatVector.fromArray(SPECIES, c, cAt + 2 * cRow);
      c21 = FloatVector.fromArray(SPECIES, c, cAt + 2 * cRow + LANES);
      c30 = FloatVector.fromArray(SPECIES, c, cAt + 3 * cRow);
      c31 = FloatVector.fromArray(SPECIES, c, cAt + 3 * cRow + LANES);
    } else {
      c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = FloatVector.zero(SPECIES);
    }
    for (int p = 0; p < k; p++) {
      FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt + p * bRow);
      FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + p * bRow + LANES);
      int at = aAt + p * aCol;
      FloatVector a0 = FloatVector.broadcast(SPECIES, a[at]);
      FloatVector a1 = FloatVector.broadcast(SPECIES, a[at + aRow]);
      FloatVector a2 = FloatVector.broadcast(SPECIES, a[at + 2 * aRow]);
      FloatVector a3 = FloatVector.broadcast(SPECIES, a[at + 3 * aRow]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + LANES);
    c10.intoArray(c, cAt + cRow);
    c11.intoArray(c, cAt + cRow + LANES);
    c20.intoArray(c, cAt + 2 * cRow);
    c21.intoArray(c, cAt + 2 * cRow + LANES);
    c30.intoArray(c, cAt + 3 * cRow);
    c31.intoArray(c, cAt + 3 * cRow + LANES);
  }
}
