package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * A causal depthwise convolution over the rows of a sequence: {@code y_t = bias + sum over k of
 * weight_k * x_(t - k)}, k from 0 to {@code kernel - 1}, channel by channel. Rows before row 0 are
 * zero.
 */
public final class CausalConvolution {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private final int channels;
  private final int kernel;

  /** {@code [kernel, channels]}: the weights of the row itself, of the row before, ... */
  private final float[] weight;

  private final float[] bias;
  private final float[] zeros;

  /**
   * @param weight {@code [channels, kernel]}, row-major; the last of each channel is that of the
   *     row itself
   * @param bias {@code [channels]}
   */
  public CausalConvolution(float[] weight, float[] bias) {
    channels = bias.length;
    kernel = weight.length / channels;
    this.weight = new float[weight.length];
    for (int channel = 0; channel < channels; channel++) {
      for (int k = 0; k < kernel; k++) {
        this.weight[k * channels + channel] = weight[(channel + 1) * kernel - 1 - k];
      }
    }
    this.bias = bias.clone();
    zeros = new float[channels];
  }

  public int channels() {
    return channels;
  }

  /** How many rows a row reads, itself included. */
  public int kernel() {
    return kernel;
  }

  /**
   * Computes one row.
   *
   * @param x {@code [*, channels]}, or wider: the first columns are read
   * @param window rows {@code from - kernel + 1} to {@code from} of x, {@code [kernel - 1,
   *     channels]}; not read if from is 0
   * @param from the first row that x has
   * @param y {@code [*, channels]}
   */
  public void forward(Matrix x, Matrix window, int from, Matrix y, int row) {
    MemorySegment out = y.data();
    long at = y.offset(row);
    MemorySegment.copy(bias, 0, out, ValueLayout.JAVA_FLOAT, at, channels);
    for (int k = 0; k < kernel && k <= row; k++) {
      if (row - k >= from) {
        addWeighted(x.data(), x.offset(row - k), k, out, at);
      } else {
        addWeighted(window.data(), window.offset(row - k - from + kernel - 1), k, out, at);
      }
    }
  }

  /**
   * Keeps what rows from {@code to} on will read.
   *
   * @param x what {@link #forward} read for rows {@code from} to {@code to}
   * @param window as forward read it; then rows {@code to - kernel + 1} to {@code to} of x
   */
  public void slide(Matrix x, int from, int to, Matrix window) {
    for (int i = Math.max(0, kernel - 1 - to); i < kernel - 1; i++) {
      int row = to - kernel + 1 + i;
      Matrix source = row >= from ? x : window;
      MemorySegment.copy(
          source.data(),
          source.offset(row >= from ? row : i + to - from),
          window.data(),
          window.offset(i),
          4L * channels);
    }
  }

  /**
   * The vector-Jacobian product of one row of {@code rows}: {@code dx_t = sum over k of weight_k *
   * dy_(t + k)}.
   *
   * @param dy {@code [*, channels]}
   * @param dx {@code [*, channels]}, or wider: the first columns are written
   */
  public void backward(Matrix dy, Matrix dx, int row, int rows) {
    MemorySegment out = dx.data();
    long at = dx.offset(row);
    MemorySegment.copy(zeros, 0, out, ValueLayout.JAVA_FLOAT, at, channels);
    for (int k = 0; k < kernel && row + k < rows; k++) {
      addWeighted(dy.data(), dy.offset(row + k), k, out, at);
    }
  }

  private void addWeighted(MemorySegment x, long xAt, int k, MemorySegment y, long yAt) {
    int weightAt = k * channels;
    int bound = SPECIES.loopBound(channels);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      FloatVector.fromArray(SPECIES, weight, weightAt + i)
          .fma(
              FloatVector.fromMemorySegment(SPECIES, x, xAt + 4L * i, ORDER),
              FloatVector.fromMemorySegment(SPECIES, y, yAt + 4L * i, ORDER))
          .intoMemorySegment(y, yAt + 4L * i, ORDER);
    }
    for (int i = bound; i < channels; i++) {
      float value = x.get(ValueLayout.JAVA_FLOAT, xAt + 4L * i);
      float sum = y.get(ValueLayout.JAVA_FLOAT, yAt + 4L * i);
      y.set(ValueLayout.JAVA_FLOAT, yAt + 4L * i, Math.fma(weight[weightAt + i], value, sum));
    }
  }
}
