package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The gated activation of Shazeer 2020, eq. 6, without its linear maps: {@code y = gelu(gate) *
 * up}, with the approximation {@link Activation#GELU_TANH}. Gate and up stand side by side in one
 * row.
 */
public final class GeGlu {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private GeGlu() {}

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
      Activation.geluTanhGate(gate).mul(gate).mul(up).intoMemorySegment(out, at + 4L * i, ORDER);
    }
    if (bound < size) {
      VectorMask<Float> rest = SPECIES.indexInRange(bound, size);
      long last = 4L * bound;
      FloatVector gate = FloatVector.fromMemorySegment(SPECIES, in, gateAt + last, ORDER, rest);
      FloatVector up = FloatVector.fromMemorySegment(SPECIES, in, upAt + last, ORDER, rest);
      Activation.geluTanhGate(gate)
          .mul(gate)
          .mul(up)
          .intoMemorySegment(out, at + last, ORDER, rest);
    }
  }

  /**
   * The vector-Jacobian product of one row: {@code dup = dy * gelu(gate)} and {@code dgate = dy *
   * up * gelu'(gate)}.
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
    for (int i = 0; i < bound; i += SPECIES.length()) {
      FloatVector gate = FloatVector.fromMemorySegment(SPECIES, in, gateAt + 4L * i, ORDER);
      FloatVector up = FloatVector.fromMemorySegment(SPECIES, in, upAt + 4L * i, ORDER);
      FloatVector g = FloatVector.fromMemorySegment(SPECIES, gradient, at + 4L * i, ORDER);
      FloatVector s = Activation.geluTanhGate(gate);
      Activation.geluTanhSlope(gate, s)
          .mul(up)
          .mul(g)
          .intoMemorySegment(out, gateAt + 4L * i, ORDER);
      s.mul(gate).mul(g).intoMemorySegment(out, upAt + 4L * i, ORDER);
    }
    if (bound < size) {
      VectorMask<Float> rest = SPECIES.indexInRange(bound, size);
      long last = 4L * bound;
      FloatVector gate = FloatVector.fromMemorySegment(SPECIES, in, gateAt + last, ORDER, rest);
      FloatVector up = FloatVector.fromMemorySegment(SPECIES, in, upAt + last, ORDER, rest);
      FloatVector g = FloatVector.fromMemorySegment(SPECIES, gradient, at + last, ORDER, rest);
      FloatVector s = Activation.geluTanhGate(gate);
      Activation.geluTanhSlope(gate, s)
          .mul(up)
          .mul(g)
          .intoMemorySegment(out, gateAt + last, ORDER, rest);
      s.mul(gate).mul(g).intoMemorySegment(out, upAt + last, ORDER, rest);
    }
  }
}
