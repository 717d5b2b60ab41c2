package dev.cram.tensor;

/**
 * The number format of frozen weights and of the rows that are multiplied with them.
 *
 * <p>Whatever the precision, products are accumulated in float32, and the residual stream, norms,
 * softmax, loss and [mem] vectors are float32.
 */
public enum Precision {
  /** IEEE float32 weights and inputs. */
  F32(4),
  /** bfloat16 weights and inputs (round to nearest even). */
  BF16(2);

  private final int bytes;

  Precision(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one stored element. */
  public int bytes() {
    return bytes;
  }
}
