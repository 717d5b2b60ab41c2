package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The elementwise functions between the two linear maps of an MLP. */
public enum Activation {
  /** {@code x * sigmoid(x)} (Hendrycks and Gimpel 2016, also called swish). */
  SILU,
  /** {@code x * Phi(x)}, Phi being the normal distribution (Hendrycks and Gimpel 2016). */
  GELU,
  /** GELU as approximated there: {@code x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2}. */
  GELU_TANH,
  /** {@code max(x, 0)}. */
  RELU;

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final int LANES = SPECIES.length();

  /** {@code 2 * sqrt(2 / pi)}: {@code (1 + tanh(z)) / 2 = sigmoid(2z)}. */
  private static final float TANH_SLOPE = 1.5957691f;

  private static final float TANH_CUBIC = 0.044715f;

  /** {@code 1 / sqrt(2 pi)}. */
  private static final float NORMAL_PEAK = 0.3989423f;

  /**
   * Applies the function to one row.
   *
   * @param x {@code [*, size]}
   * @param y {@code [*, size]}, may be x
   */
  public void forward(Matrix x, Matrix y, int row) {
    int size = x.cols();
    MemorySegment in = x.data();
    MemorySegment out = y.data();
    long at = x.offset(row);
    int bound = SPECIES.loopBound(size);
    for (int i = 0; i < bound; i += LANES) {
      value(FloatVector.fromMemorySegment(SPECIES, in, at + 4L * i, ORDER))
          .intoMemorySegment(out, at + 4L * i, ORDER);
    }
    if (bound < size) {
      VectorMask<Float> rest = SPECIES.indexInRange(bound, size);
      value(FloatVector.fromMemorySegment(SPECIES, in, at + 4L * bound, ORDER, rest))
          .intoMemorySegment(out, at + 4L * bound, ORDER, rest);
    }
  }

  /**
   * The vector-Jacobian product of one row: {@code dx = dy * derivative(x)}.
   *
   * @param x what {@link #forward} read, {@code [*, size]}
   * @param dy {@code [*, size]}
   * @param dx {@code [*, size]}, may be x or dy
   */
  public void backward(Matrix x, Matrix dy, Matrix dx, int row) {
    int size = x.cols();
    MemorySegment in = x.data();
    MemorySegment gradient = dy.data();
    MemorySegment out = dx.data();
    long at = x.offset(row);
    int bound = SPECIES.loopBound(size);
    for (int i = 0; i < bound; i += LANES) {
      derivative(FloatVector.fromMemorySegment(SPECIES, in, at + 4L * i, ORDER))
          .mul(FloatVector.fromMemorySegment(SPECIES, gradient, at + 4L * i, ORDER))
          .intoMemorySegment(out, at + 4L * i, ORDER);
    }
    if (bound < size) {
      VectorMask<Float> rest = SPECIES.indexInRange(bound, size);
      long last = at + 4L * bound;
      derivative(FloatVector.fromMemorySegment(SPECIES, in, last, ORDER, rest))
          .mul(FloatVector.fromMemorySegment(SPECIES, gradient, last, ORDER, rest))
          .intoMemorySegment(out, last, ORDER, rest);
    }
  }

  /** The function of each lane. */
  FloatVector value(FloatVector x) {
    return switch (this) {
      case SILU -> x.mul(sigmoid(x));
      case GELU -> x.mul(normalDistribution(x, normalShape(x)));
      case GELU_TANH -> x.mul(sigmoid(tanhArgument(x)));
      case RELU -> x.max(0f);
    };
  }

  /** The derivative of each lane. */
  FloatVector derivative(FloatVector x) {
    return switch (this) {
      case SILU -> {
        FloatVector s = sigmoid(x);
        yield s.mul(x.mul(one().sub(s)).add(1f));
      }
      case GELU -> {
        FloatVector shape = normalShape(x);
        yield x.mul(shape).mul(NORMAL_PEAK).add(normalDistribution(x, shape));
      }
      case GELU_TANH -> {
        FloatVector s = sigmoid(tanhArgument(x));
        FloatVector slope = x.mul(x).mul(3 * TANH_CUBIC).add(1f).mul(TANH_SLOPE);
        yield s.mul(x.mul(one().sub(s)).mul(slope).add(1f));
      }
      case RELU -> one().blend(0f, x.compare(VectorOperators.LE, 0f));
    };
  }

  private static FloatVector one() {
    return FloatVector.broadcast(SPECIES, 1f);
  }

  private static FloatVector sigmoid(FloatVector x) {
    return one().div(Exponential.exp(x.neg()).add(1f));
  }

  private static FloatVector tanhArgument(FloatVector x) {
    return x.mul(x).mul(TANH_CUBIC).add(1f).mul(x).mul(TANH_SLOPE);
  }

  /** {@code exp(-x^2 / 2)}: the normal density over its peak. */
  private static FloatVector normalShape(FloatVector x) {
    return Exponential.exp(x.mul(x).mul(-0.5f));
  }

  /**
   * {@code Phi(x) = (1 + erf(x / sqrt(2))) / 2} within 2e-7. As in Abramowitz and Stegun 7.1.26 the
   * tail is {@code Phi(-|x|) = exp(-x^2 / 2) * p(1 / (1 + 0.3 |x|))}, but with a polynomial of
   * degree 8, fitted for the smallest relative error (1.5e-7) from 0 to 14.
   */
  private static FloatVector normalDistribution(FloatVector x, FloatVector shape) {
    FloatVector s = one().div(x.abs().mul(0.3f).add(1f));
    FloatVector p = FloatVector.broadcast(SPECIES, 0.0356745459f);
    p = p.fma(s, FloatVector.broadcast(SPECIES, -0.15720208f));
    p = p.fma(s, FloatVector.broadcast(SPECIES, 0.206351683f));
    p = p.fma(s, FloatVector.broadcast(SPECIES, -0.053681884f));
    p = p.fma(s, FloatVector.broadcast(SPECIES, 0.128560662f));
    p = p.fma(s, FloatVector.broadcast(SPECIES, 0.0999137983f));
    p = p.fma(s, FloatVector.broadcast(SPECIES, 0.120753907f));
    p = p.fma(s, FloatVector.broadcast(SPECIES, 0.119629301f));
    FloatVector tail = p.mul(s).mul(shape);
    return tail.blend(one().sub(tail), x.compare(VectorOperators.GT, 0f));
  }
}
