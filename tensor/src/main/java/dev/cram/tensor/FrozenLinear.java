package dev.cram.tensor;

import java.lang.foreign.Arena;

/**
 * A linear layer whose weights never change: {@code y = x * W^T + bias}, W being {@code [outputs,
 * inputs]}.
 *
 * <p>W is packed once for each direction. There is no gradient for W or the bias, so the backward
 * product {@code dx = dy * W} needs nothing that the forward product computed.
 */
public final class FrozenLinear {
  private final PackedMatrix forward;
  private final PackedMatrix backward;
  private final Matrix bias;

  private FrozenLinear(PackedMatrix forward, PackedMatrix backward, Matrix bias) {
    this.forward = forward;
    this.backward = backward;
    this.bias = bias;
  }

  /**
   * Packs one layer.
   *
   * @param arena where the packed weights live
   * @param weight {@code [outputs, inputs]}; not kept
   * @param bias {@code [1, outputs]} or null; copied
   */
  public static FrozenLinear pack(
      Arena arena, Matrix weight, Matrix bias, Precision precision, Workers workers) {
    return new FrozenLinear(
        PackedMatrix.transposed(arena, weight, precision, workers),
        PackedMatrix.of(arena, weight, precision, workers),
        copy(arena, bias));
  }

  /**
   * Packs one layer whose weight is stored the other way round.
   *
   * @param weight {@code [inputs, outputs]}; not kept
   * @param bias {@code [1, outputs]} or null; copied
   */
  public static FrozenLinear packTransposed(
      Arena arena, Matrix weight, Matrix bias, Precision precision, Workers workers) {
    return new FrozenLinear(
        PackedMatrix.of(arena, weight, precision, workers),
        PackedMatrix.transposed(arena, weight, precision, workers),
        copy(arena, bias));
  }

  private static Matrix copy(Arena arena, Matrix bias) {
    if (bias == null) {
      return null;
    }
    Matrix copy = Matrix.allocate(arena, 1, bias.cols());
    copy.copyFrom(bias);
    return copy;
  }

  public int inputs() {
    return forward.k();
  }

  public int outputs() {
    return forward.n();
  }

  /** {@code y[r] = x[r] * W^T + bias} for rows {@code from} to {@code to}. */
  public void forward(Multiplier multiplier, Matrix x, Matrix y, int from, int to) {
    multiplier.multiply(x, forward, bias, y, from, to);
  }

  /** As above, with rows of x from {@code xRow} on and rows of y from {@code yRow} on. */
  public void forward(Multiplier multiplier, Matrix x, int xRow, Matrix y, int yRow, int rows) {
    multiplier.multiply(x, xRow, forward, bias, y, yRow, rows);
  }

  /** {@code dx[r] = dy[r] * W} for rows {@code from} to {@code to}. */
  public void backward(Multiplier multiplier, Matrix dy, Matrix dx, int from, int to) {
    multiplier.multiply(dy, backward, null, dx, from, to);
  }

  /** As above, with rows of dy from {@code dyRow} on and rows of dx from {@code dxRow} on. */
  public void backward(
      Multiplier multiplier, Matrix dy, int dyRow, Matrix dx, int dxRow, int rows) {
    multiplier.multiply(dy, dyRow, backward, null, dx, dxRow, rows);
  }
}
