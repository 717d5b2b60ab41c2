package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * A causal depthwise convolution over rows, followed by SiLU, as Mamba has it: {@code y_t =
 * silu(bias + sum over k of weight_k * x_(t - kernel + 1 + k))}, channel by channel. Rows before
 * row 0 are zero.
 *
 * <p>The unit of work is a block of channels.
 */
public final class CausalConvolution {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Channels of a block. */
  private static final int BLOCK = 64;

  private final int channels;
  private final int kernel;

  /** {@code [kernel, paddedChannels]}. */
  private final float[] weight;

  /** {@code [paddedChannels]}. */
  private final float[] bias;

  private final int padded;

  /**
   * @param weight {@code [channels, kernel]}, row-major
   * @param bias {@code [channels]}
   */
  public CausalConvolution(float[] weight, float[] bias) {
    channels = bias.length;
    kernel = weight.length / channels;
    padded = Math.ceilDiv(channels, LANES) * LANES;
    this.weight = new float[kernel * padded];
    for (int channel = 0; channel < channels; channel++) {
      for (int k = 0; k < kernel; k++) {
        this.weight[k * padded + channel] = weight[channel * kernel + k];
      }
    }
    this.bias = Arrays.copyOf(bias, padded);
  }

  public int channels() {
    return channels;
  }

  /** How many rows a row reads, itself included. */
  public int kernel() {
    return kernel;
  }

  /** How many blocks of channels there are to work on. */
  public int blocks() {
    return Math.ceilDiv(channels, BLOCK);
  }

  /**
   * Computes rows {@code from} to {@code to} of one block; {@code from} is 0, or the end of the
   * call before.
   *
   * @param x {@code [*, channels]}, or wider: the first columns are read
   * @param window {@code [kernel - 1, channels]}, the last rows of x, kept from call to call
   * @param y {@code [*, channels]}
   */
  public void forward(int block, Matrix x, Matrix window, Matrix y, int from, int to) {
    int first = block * BLOCK;
    int end = Math.min(channels, first + BLOCK);
    int bound = first + SPECIES.loopBound(end - first);
    for (int row = from; row < to; row++) {
      for (int col = first; col < bound; col += LANES) {
        FloatVector sum = convolve(x, window, from, row, col);
        sum.div(Exponential.exp(sum.neg()).add(1f))
            .intoMemorySegment(y.data(), y.offset(row) + 4L * col, ORDER);
      }
      for (int col = bound; col < end; col++) {
        float sum = convolveOne(x, window, from, row, col);
        y.set(row, col, sum / (1f + Exponential.exp(-sum)));
      }
    }
    for (int i = 0; i < kernel - 1; i++) {
      int row = to - kernel + 1 + i;
      if (row >= from) {
        copy(x, row, window, i, first, end);
      } else if (row >= 0) {
        copy(window, i + to - from, window, i, first, end);
      }
    }
  }

  /**
   * The vector-Jacobian product of rows 0 to {@code rows} of one block. With s the sum before SiLU:
   * {@code ds_t = dy_t * silu'(s_t)} and {@code dx_t = sum over k of weight_k * ds_(t + kernel - 1
   * - k)}.
   *
   * @param x what {@link #forward} read
   * @param dy {@code [*, channels]}; destroyed
   * @param dx as wide as x, may be x
   */
  public void backward(int block, Matrix x, Matrix dy, Matrix dx, int rows) {
    int first = block * BLOCK;
    int end = Math.min(channels, first + BLOCK);
    int bound = first + SPECIES.loopBound(end - first);
    FloatVector one = FloatVector.broadcast(SPECIES, 1f);
    for (int row = 0; row < rows; row++) {
      for (int col = first; col < bound; col += LANES) {
        FloatVector sum = convolve(x, null, 0, row, col);
        FloatVector sigmoid = one.div(Exponential.exp(sum.neg()).add(1f));
        long at = dy.offset(row) + 4L * col;
        FloatVector.fromMemorySegment(SPECIES, dy.data(), at, ORDER)
            .mul(one.sub(sigmoid).fma(sum, one))
            .mul(sigmoid)
            .intoMemorySegment(dy.data(), at, ORDER);
      }
      for (int col = bound; col < end; col++) {
        float sum = convolveOne(x, null, 0, row, col);
        float sigmoid = 1f / (1f + Exponential.exp(-sum));
        dy.set(row, col, dy.get(row, col) * (1f + sum * (1f - sigmoid)) * sigmoid);
      }
    }
    for (int row = 0; row < rows; row++) {
      int firstTap = Math.max(0, kernel - rows + row);
      for (int col = first; col < bound; col += LANES) {
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int k = firstTap; k < kernel; k++) {
          long at = dy.offset(row + kernel - 1 - k) + 4L * col;
          sum =
              FloatVector.fromMemorySegment(SPECIES, dy.data(), at, ORDER)
                  .fma(FloatVector.fromArray(SPECIES, weight, k * padded + col), sum);
        }
        sum.intoMemorySegment(dx.data(), dx.offset(row) + 4L * col, ORDER);
      }
      for (int col = bound; col < end; col++) {
        float sum = 0f;
        for (int k = firstTap; k < kernel; k++) {
          sum = Math.fma(dy.get(row + kernel - 1 - k, col), weight[k * padded + col], sum);
        }
        dx.set(row, col, sum);
      }
    }
  }

  /** The sum before SiLU; rows before {@code from} are in the window. */
  private FloatVector convolve(Matrix x, Matrix window, int from, int row, int col) {
    FloatVector sum = FloatVector.fromArray(SPECIES, bias, col);
    for (int k = Math.max(0, kernel - 1 - row); k < kernel; k++) {
      int source = row - kernel + 1 + k;
      MemorySegment data = source >= from ? x.data() : window.data();
      long at = source >= from ? x.offset(source) : window.offset(source - from + kernel - 1);
      sum =
          FloatVector.fromMemorySegment(SPECIES, data, at + 4L * col, ORDER)
              .fma(FloatVector.fromArray(SPECIES, weight, k * padded + col), sum);
    }
    return sum;
  }

  private float convolveOne(Matrix x, Matrix window, int from, int row, int col) {
    float sum = bias[col];
    for (int k = Math.max(0, kernel - 1 - row); k < kernel; k++) {
      int source = row - kernel + 1 + k;
      float value =
          source >= from ? x.get(source, col) : window.get(source - from + kernel - 1, col);
      sum = Math.fma(value, weight[k * padded + col], sum);
    }
    return sum;
  }

  private static void copy(Matrix source, int row, Matrix target, int to, int first, int end) {
    MemorySegment.copy(
        source.data(),
        source.offset(row) + 4L * first,
        target.data(),
        target.offset(to) + 4L * first,
        4L * (end - first));
  }
}
