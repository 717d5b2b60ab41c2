package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The gated activation of Shazeer 2020, eq. 5, without its linear maps: {@code y = silu(gate) *
 * up}, with {@code silu(x) = x * sigmoid(x)}. Gate and up stand side by side in one row.
 */
public final class SwiGlu {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private SwiGlu() {}

  /**
   * Activates one row.
   *
   * @param gateUp {@code [*, 2 * size]}: gate, then up
   * @param y {@code [*, size]}
   */
  public static void forward(Matrix gateUp, Matrix y, int row) {
    int size = y.cols();
    MemorySegment in = gateUp.data();
    MemorySegment out = y.data();
    long gateAt = gateUp.offset(row);
    long upAt = gateAt + 4L * size;
    long at = y.offset(row);
    int bound = SPECIES.loopBound(size);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      FloatVector gate = FloatVector.fromMemorySegment(SPECIES, in, gateAt + 4L * i, ORDER);
      FloatVector up = FloatVector.fromMemorySegment(SPECIES, in, upAt + 4L * i, ORDER);
      gate.div(Exponential.exp(gate.neg()).add(1f))
          .mul(up)
          .intoMemorySegment(out, at + 4L * i, ORDER);
    }
    for (int i = bound; i < size; i++) {
      float gate = gateUp.get(row, i);
      y.set(row, i, gate / (1f + Exponential.exp(-gate)) * gateUp.get(row, size + i));
    }
  }

  /**
   * The vector-Jacobian product of one row. With {@code s = sigmoid(gate)}: {@code dup = dy * gate
   * * s} and {@code dgate = dy * up * s * (1 + gate * (1 - s))}.
   *
   * @param gateUp what {@link #forward} read
   * @param dy {@code [*, size]}
   * @param dGateUp {@code [*, 2 * size]}, may be gateUp
   */
  public static void backward(Matrix gateUp, Matrix dy, Matrix dGateUp, int row) {
    int size = dy.cols();
    MemorySegment in = gateUp.data();
    MemorySegment gradient = dy.data();
    MemorySegment out = dGateUp.data();
    long gateAt = gateUp.offset(row);
    long upAt = gateAt + 4L * size;
    long at = dy.offset(row);
    int bound = SPECIES.loopBound(size);
    FloatVector one = FloatVector.broadcast(SPECIES, 1f);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      FloatVector gate = FloatVector.fromMemorySegment(SPECIES, in, gateAt + 4L * i, ORDER);
      FloatVector up = FloatVector.fromMemorySegment(SPECIES, in, upAt + 4L * i, ORDER);
      FloatVector g = FloatVector.fromMemorySegment(SPECIES, gradient, at + 4L * i, ORDER);
      FloatVector sigmoid = one.div(Exponential.exp(gate.neg()).add(1f));
      FloatVector slope = one.sub(sigmoid).fma(gate, one).mul(sigmoid);
      g.mul(up).mul(slope).intoMemorySegment(out, gateAt + 4L * i, ORDER);
      g.mul(gate).mul(sigmoid).intoMemorySegment(out, upAt + 4L * i, ORDER);
    }
    for (int i = bound; i < size; i++) {
      float gate = gateUp.get(row, i);
      float up = gateUp.get(row, size + i);
      float g = dy.get(row, i);
      float sigmoid = 1f / (1f + Exponential.exp(-gate));
      dGateUp.set(row, i, g * up * sigmoid * (1f + gate * (1f - sigmoid)));
      dGateUp.set(row, size + i, g * gate * sigmoid);
    }
  }
}
