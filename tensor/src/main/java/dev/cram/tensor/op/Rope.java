package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Rotary position embedding (Su et al. 2021) in the half-split layout of Hugging Face: within a
 * head, element i is rotated together with element {@code i + rotaryDim / 2} by the angle {@code
 * position * inverseFrequency[i]}. Elements from rotaryDim on stay as they are.
 */
public final class Rope {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private final Matrix cos;
  private final Matrix sin;
  private final int half;

  /**
   * Tabulates the angles.
   *
   * @param inverseFrequencies {@code [rotaryDim / 2]}, radians per position
   * @param positions how many positions, from 0
   */
  public Rope(Arena arena, double[] inverseFrequencies, int positions) {
    half = inverseFrequencies.length;
    cos = Matrix.allocate(arena, positions, half);
    sin = Matrix.allocate(arena, positions, half);
    for (int position = 0; position < positions; position++) {
      for (int i = 0; i < half; i++) {
        // The reference computes frequency and angle in float32; at large positions it matters.
        double angle = (float) (position * (float) inverseFrequencies[i]);
        cos.set(position, i, (float) Math.cos(angle));
        sin.set(position, i, (float) Math.sin(angle));
      }
    }
  }

  /** {@code theta^(-2i / rotaryDim)} for i from 0 to {@code rotaryDim / 2 - 1}. */
  public static double[] inverseFrequencies(double theta, int rotaryDim) {
    double[] frequencies = new double[rotaryDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = Math.pow(theta, -2.0 * i / rotaryDim);
    }
    return frequencies;
  }

  /**
   * Stretches low frequencies as Llama 3.1 does for its longer context: wavelengths below {@code
   * originalContext / highFreqFactor} stay, those above {@code originalContext / lowFreqFactor} are
   * divided by factor, and between them the two are blended (transformers, {@code
   * _compute_llama3_parameters}).
   */
  public static double[] llama3Scaled(
      double[] frequencies,
      double factor,
      double lowFreqFactor,
      double highFreqFactor,
      int originalContext) {
    double[] scaled = new double[frequencies.length];
    for (int i = 0; i < scaled.length; i++) {
      double wavelength = 2 * Math.PI / frequencies[i];
      double blend =
          (originalContext / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
      double share = Math.clamp(blend, 0.0, 1.0);
      scaled[i] = frequencies[i] * (share + (1 - share) / factor);
    }
    return scaled;
  }

  /**
   * Rotates the heads of one row in place.
   *
   * @param x {@code [*, width]}; the heads stand side by side from column firstCol on
   * @param position the position of the row in the sequence, from 0
   */
  public void forward(Matrix x, int row, int firstCol, int heads, int headDim, int position) {
    rotate(x, row, firstCol, heads, headDim, position, 1f);
  }

  /** The vector-Jacobian product: the rotation back, since a rotation's transpose undoes it. */
  public void backward(Matrix dx, int row, int firstCol, int heads, int headDim, int position) {
    rotate(dx, row, firstCol, heads, headDim, position, -1f);
  }

  private void rotate(
      Matrix x, int row, int firstCol, int heads, int headDim, int position, float direction) {
    MemorySegment data = x.data();
    MemorySegment cosines = cos.data();
    MemorySegment sines = sin.data();
    long angles = cos.offset(position);
    int bound = SPECIES.loopBound(half);
    for (int head = 0; head < heads; head++) {
      long first = x.offset(row) + 4L * (firstCol + head * headDim);
      long second = first + 4L * half;
      for (int i = 0; i < bound; i += SPECIES.length()) {
        FloatVector c = FloatVector.fromMemorySegment(SPECIES, cosines, angles + 4L * i, ORDER);
        FloatVector s =
            FloatVector.fromMemorySegment(SPECIES, sines, angles + 4L * i, ORDER).mul(direction);
        FloatVector a = FloatVector.fromMemorySegment(SPECIES, data, first + 4L * i, ORDER);
        FloatVector b = FloatVector.fromMemorySegment(SPECIES, data, second + 4L * i, ORDER);
        a.mul(c).sub(b.mul(s)).intoMemorySegment(data, first + 4L * i, ORDER);
        b.mul(c).add(a.mul(s)).intoMemorySegment(data, second + 4L * i, ORDER);
      }
      int col = firstCol + head * headDim;
      for (int i = bound; i < half; i++) {
        float c = cos.get(position, i);
        float s = sin.get(position, i) * direction;
        float a = x.get(row, col + i);
        float b = x.get(row, col + half + i);
        x.set(row, col + i, a * c - b * s);
        x.set(row, col + half + i, b * c + a * s);
      }
    }
  }
}
