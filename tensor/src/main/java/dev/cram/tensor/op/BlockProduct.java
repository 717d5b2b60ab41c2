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

  /** Sixteen sums need more registers than processors with shorter vectors have. */
  private static final boolean WIDE = SPECIES.vectorBitSize() == 512;

  private BlockProduct() {}

  /** Rows that a product may touch. */
  static int padRows(int m) {
    return Math.ceilDiv(m, ROWS) * ROWS;
  }

  /** Columns that a product may touch. */
  static int padColumns(int n) {
    int step = WIDE ? 4 * LANES : 2 * LANES;
    return Math.ceilDiv(n, step) * step;
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
    int j = 0;
    if (WIDE) {
      for (; j + 2 * LANES < n; j += 4 * LANES) {
        for (int i = 0; i < m; i += ROWS) {
          wideTile(
              a, aAt + i * aRow, aRow, aCol, b, bAt + j, bRow, c, cAt + i * cRow + j, cRow, k, add);
        }
      }
    }
    for (; j < n; j += 2 * LANES) {
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

  /** Four rows by four vectors: sixteen sums stay in registers. */
  private static void wideTile(
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
    FloatVector c02;
    FloatVector c03;
    FloatVector c10;
    FloatVector c11;
    FloatVector c12;
    FloatVector c13;
    FloatVector c20;
    FloatVector c21;
    FloatVector c22;
    FloatVector c23;
    FloatVector c30;
    FloatVector c31;
    FloatVector c32;
    FloatVector c33;
    if (add) {
      c00 = FloatVector.fromArray(SPECIES, c, cAt);
      c01 = FloatVector.fromArray(SPECIES, c, cAt + LANES);
      c02 = FloatVector.fromArray(SPECIES, c, cAt + 2 * LANES);
      c03 = FloatVector.fromArray(SPECIES, c, cAt + 3 * LANES);
      c10 = FloatVector.fromArray(SPECIES, c, cAt + cRow);
      c11 = FloatVector.fromArray(SPECIES, c, cAt + cRow + LANES);
      c12 = FloatVector.fromArray(SPECIES, c, cAt + cRow + 2 * LANES);
      c13 = FloatVector.fromArray(SPECIES, c, cAt + cRow + 3 * LANES);
      c20 = FloatVector.fromArray(SPECIES, c, cAt + 2 * cRow);
      c21 = FloatVector.fromArray(SPECIES, c, cAt + 2 * cRow + LANES);
      c22 = FloatVector.fromArray(SPECIES, c, cAt + 2 * cRow + 2 * LANES);
      c23 = FloatVector.fromArray(SPECIES, c, cAt + 2 * cRow + 3 * LANES);
      c30 = FloatVector.fromArray(SPECIES, c, cAt + 3 * cRow);
      c31 = FloatVector.fromArray(SPECIES, c, cAt + 3 * cRow + LANES);
      c32 = FloatVector.fromArray(SPECIES, c, cAt + 3 * cRow + 2 * LANES);
      c33 = FloatVector.fromArray(SPECIES, c, cAt + 3 * cRow + 3 * LANES);
    } else {
      c00 = c01 = c02 = c03 = FloatVector.zero(SPECIES);
      c10 = c11 = c12 = c13 = FloatVector.zero(SPECIES);
      c20 = c21 = c22 = c23 = FloatVector.zero(SPECIES);
      c30 = c31 = c32 = c33 = FloatVector.zero(SPECIES);
    }
    for (int p = 0; p < k; p++) {
      int row = bAt + p * bRow;
      FloatVector b0 = FloatVector.fromArray(SPECIES, b, row);
      FloatVector b1 = FloatVector.fromArray(SPECIES, b, row + LANES);
      FloatVector b2 = FloatVector.fromArray(SPECIES, b, row + 2 * LANES);
      FloatVector b3 = FloatVector.fromArray(SPECIES, b, row + 3 * LANES);
      int at = aAt + p * aCol;
      FloatVector a0 = FloatVector.broadcast(SPECIES, a[at]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      c02 = a0.fma(b2, c02);
      c03 = a0.fma(b3, c03);
      FloatVector a1 = FloatVector.broadcast(SPECIES, a[at + aRow]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      c12 = a1.fma(b2, c12);
      c13 = a1.fma(b3, c13);
      FloatVector a2 = FloatVector.broadcast(SPECIES, a[at + 2 * aRow]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      c22 = a2.fma(b2, c22);
      c23 = a2.fma(b3, c23);
      FloatVector a3 = FloatVector.broadcast(SPECIES, a[at + 3 * aRow]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
      c32 = a3.fma(b2, c32);
      c33 = a3.fma(b3, c33);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + LANES);
    c02.intoArray(c, cAt + 2 * LANES);
    c03.intoArray(c, cAt + 3 * LANES);
    c10.intoArray(c, cAt + cRow);
    c11.intoArray(c, cAt + cRow + LANES);
    c12.intoArray(c, cAt + cRow + 2 * LANES);
    c13.intoArray(c, cAt + cRow + 3 * LANES);
    c20.intoArray(c, cAt + 2 * cRow);
    c21.intoArray(c, cAt + 2 * cRow + LANES);
    c22.intoArray(c, cAt + 2 * cRow + 2 * LANES);
    c23.intoArray(c, cAt + 2 * cRow + 3 * LANES);
    c30.intoArray(c, cAt + 3 * cRow);
    c31.intoArray(c, cAt + 3 * cRow + LANES);
    c32.intoArray(c, cAt + 3 * cRow + 2 * LANES);
    c33.intoArray(c, cAt + 3 * cRow + 3 * LANES);
  }
}
