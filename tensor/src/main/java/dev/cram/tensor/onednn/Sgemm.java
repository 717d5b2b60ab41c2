package dev.cram.tensor.onednn;

/**
 * Products of small float32 matrices that change at every step, where packing would not pay. All
 * matrices are row-major with a stride: elements from one row to the next.
 */
public final class Sgemm {
  private Sgemm() {}

  /**
   * {@code c = alpha * op(a) * op(b) + beta * c} on the calling thread, with op(a) {@code [m, k]},
   * op(b) {@code [k, n]} and c {@code [m, n]}. Addresses are native; nothing is allocated on the
   * heap.
   *
   * @param transposeA whether a is stored as {@code [k, m]}
   * @param transposeB whether b is stored as {@code [n, k]}
   * @param beta 0 to overwrite c
   */
  public static void multiply(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      float alpha,
      long a,
      int aStride,
      long b,
      int bStride,
      float beta,
      long c,
      int cStride) {
    OneDnn.sgemm(transposeA, transposeB, m, n, k, alpha, a, aStride, b, bStride, beta, c, cStride);
  }
}
