package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The selective state space model of Mamba (Gu and Dao 2023, algorithm 2) with its discretisation,
 * skip connection and gate. For each channel, which has a state h of {@code stateSize} elements:
 *
 * <pre>
 *   delta_t = softplus(timeStep_t)
 *   h_t     = exp(delta_t * A) * h_(t-1) + delta_t * x_t * B_t
 *   y_t     = (C_t . h_t + D * x_t) * silu(z_t)
 * </pre>
 *
 * <p>A and D are frozen and belong to the channel; B and C belong to the row and are the same for
 * all channels. Row t is position t of one sequence, and h before row 0 is zero.
 *
 * <p>The unit of work is a block of channels, whose results do not depend on other blocks. Lanes of
 * a vector are channels. The forward pass keeps the state of one row in 32; the backward pass
 * computes those between again, one chunk at a time.
 */
public final class SelectiveScan {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Channels of a block. */
  private static final int BLOCK = 64;

  /**
   * Rows that are worked on at a time: few enough for the caches, many enough for few checkpoints.
   */
  private static final int CHUNK = 32;

  private static final double LOG2_E = 1 / Math.log(2);

  /** 1.5 * 2^23: adding it leaves the nearest integer in the low bits of a float. */
  private static final float ROUNDER = 12582912f;

  private final int channels;
  private final int stateSize;

  /** Floats of the states of one vector of channels: {@code [stateSize, LANES]}. */
  private final int vectorState;

  /** {@code A * log2(e)}, so that powers of two do: {@code [vectors, stateSize, LANES]}. */
  private final float[] a;

  /** {@code [vectors, LANES]}. */
  private final float[] d;

  /**
   * What a scan reads, or the gradients to it.
   *
   * @param x {@code [*, channels]}
   * @param timeStep before its softplus, {@code [*, channels]}
   * @param bc B and C side by side from column bcCol on, {@code stateSize} columns each; as a
   *     gradient {@code [*, blocks * 2 * stateSize]}, of each block its own, to be added up
   * @param z {@code [*, zCol + channels]}, from column zCol on
   */
  public record Inputs(Matrix x, Matrix timeStep, Matrix bc, int bcCol, Matrix z, int zCol) {}

  /** The scratch memory of one thread, for any scan of one state size. */
  public static final class Scratch {
    private final float[] x = new float[CHUNK * LANES];
    private final float[] timeStep = new float[CHUNK * LANES];
    private final float[] z = new float[CHUNK * LANES];
    private final float[] delta = new float[CHUNK * LANES];
    private final float[] y = new float[CHUNK * LANES];
    private final float[] dy = new float[CHUNK * LANES];
    private final float[] dDrive = new float[CHUNK * LANES];
    private final float[] dDelta = new float[CHUNK * LANES];

    /** {@code [CHUNK, 2, stateSize]}. */
    private final float[] bc;

    /** {@code [CHUNK, 2, stateSize, LANES]}. */
    private final float[] dBc;

    /** {@code exp(delta * A)}, {@code [CHUNK, stateSize, LANES]}. */
    private final float[] decay;

    /**
     * States before the chunk and after each of its rows, {@code [CHUNK + 1, stateSize, LANES]}.
     */
    private final float[] states;

    /** Gradients to the states before the chunk, {@code [BLOCK / LANES, stateSize, LANES]}. */
    private final float[] dState;

    public Scratch(int stateSize) {
      bc = new float[CHUNK * 2 * stateSize];
      dBc = new float[CHUNK * 2 * stateSize * LANES];
      decay = new float[CHUNK * stateSize * LANES];
      states = new float[(CHUNK + 1) * stateSize * LANES];
      dState = new float[BLOCK * stateSize];
    }
  }

  /**
   * @param a {@code [channels, stateSize]}, row-major
   * @param d {@code [channels]}
   */
  public SelectiveScan(float[] a, float[] d) {
    channels = d.length;
    stateSize = a.length / channels;
    vectorState = stateSize * LANES;
    int vectors = Math.ceilDiv(channels, LANES);
    this.a = new float[vectors * vectorState];
    for (int channel = 0; channel < channels; channel++) {
      for (int s = 0; s < stateSize; s++) {
        int at = channel / LANES * vectorState + s * LANES + channel % LANES;
        this.a[at] = (float) (a[channel * stateSize + s] * LOG2_E);
      }
    }
    this.d = Arrays.copyOf(d, vectors * LANES);
  }

  public int channels() {
    return channels;
  }

  public int stateSize() {
    return stateSize;
  }

  /** How many blocks of channels there are to work on. */
  public int blocks() {
    return Math.ceilDiv(channels, BLOCK);
  }

  /** Floats of the states of all channels. */
  public int stateFloats() {
    return a.length;
  }

  /** How many rows of states a backward pass over {@code rows} rows needs. */
  public static int checkpoints(int rows) {
    return Math.ceilDiv(rows, CHUNK);
  }

  /**
   * Computes rows {@code from} to {@code to} of one block; {@code from} is 0, or the end of the
   * call before.
   *
   * @param state {@code [1, stateFloats]}, kept from call to call
   * @param checkpoints {@code [checkpoints(to), stateFloats]}, what {@link #backward} needs if from
   *     is 0; or null
   * @param y {@code [*, channels]}
   */
  public void forward(
      int block,
      Inputs in,
      Matrix state,
      Matrix checkpoints,
      Matrix y,
      int from,
      int to,
      Scratch scratch) {
    for (int chunk = from; chunk < to; chunk += CHUNK) {
      int rows = Math.min(CHUNK, to - chunk);
      loadBc(in, chunk, rows, scratch);
      for (int vector = firstVector(block); vector < endVector(block); vector++) {
        load(in, vector, chunk, rows, scratch);
        if (chunk == 0) {
          Arrays.fill(scratch.states, 0, vectorState, 0f);
        } else {
          loadState(state, 0, vector, scratch);
        }
        if (checkpoints != null) {
          storeState(checkpoints, chunk / CHUNK, vector, scratch);
        }
        decays(scratch.delta, a, vector * vectorState, scratch.decay, rows, stateSize);
        scan(scratch, rows, stateSize, 0);
        storeState(state, 0, vector, scratch);
        gate(scratch, d, vector * LANES, rows);
        store(scratch.y, y, vector * LANES, vector, chunk, rows);
      }
    }
  }

  /**
   * The vector-Jacobian product of rows 0 to {@code rows} of one block. With {@code g_t} the
   * gradient to h_t and {@code dp_t} that to the sum before the gate:
   *
   * <pre>
   *   g_t   = dp_t * C_t + exp(delta_(t+1) * A) * g_(t+1)
   *   dC_t  = sum over channels of dp_t * h_t
   *   dB_t  = sum over channels of g_t * delta_t * x_t
   *   dx_t  = dp_t * D + delta_t * (g_t . B_t)
   *   ddelta_t = x_t * (g_t . B_t) + sum over the state of g_t * A * exp(delta_t * A) * h_(t-1)
   * </pre>
   *
   * @param in what {@link #forward} read
   * @param checkpoints what {@link #forward} wrote
   * @param dy {@code [*, channels]}
   * @param dIn where the gradients go; its x, time step and z may be those of {@code in}
   */
  public void backward(
      int block, Inputs in, Matrix checkpoints, Matrix dy, int rows, Inputs dIn, Scratch scratch) {
    Arrays.fill(scratch.dState, 0f);
    for (int index = checkpoints(rows) - 1; index >= 0; index--) {
      int chunk = index * CHUNK;
      int count = Math.min(CHUNK, rows - chunk);
      loadBc(in, chunk, count, scratch);
      Arrays.fill(scratch.dBc, 0f);
      for (int vector = firstVector(block); vector < endVector(block); vector++) {
        int col = vector * LANES;
        load(in, vector, chunk, count, scratch);
        load(dy, col, vector, chunk, count, scratch.dy);
        loadState(checkpoints, index, vector, scratch);
        decays(scratch.delta, a, vector * vectorState, scratch.decay, count, stateSize);
        scan(scratch, count, stateSize, vectorState);
        gateBackward(scratch, d, col, count);
        store(scratch.z, dIn.z, dIn.zCol + col, vector, chunk, count);
        int dState = (vector - firstVector(block)) * vectorState;
        scanBackward(scratch, a, vector * vectorState, dState, count, stateSize);
        inputsBackward(scratch, d, col, count);
        store(scratch.x, dIn.x, col, vector, chunk, count);
        Softplus.backward(scratch.timeStep, scratch.dDelta, scratch.dDelta, count * LANES);
        store(scratch.dDelta, dIn.timeStep, col, vector, chunk, count);
      }
      storeDBc(scratch.dBc, dIn.bc, block * 2 * stateSize, chunk, count);
    }
  }

  private static int firstVector(int block) {
    return block * (BLOCK / LANES);
  }

  private int endVector(int block) {
    return Math.min(Math.ceilDiv(channels, LANES), firstVector(block + 1));
  }

  /** {@code decay = 2^(delta * a)}. */
  private static void decays(
      float[] delta, float[] a, int aAt, float[] decay, int rows, int stateSize) {
    for (int row = 0; row < rows; row++) {
      FloatVector step = FloatVector.fromArray(SPECIES, delta, row * LANES);
      int at = row * stateSize * LANES;
      for (int s = 0; s < stateSize * LANES; s += LANES) {
        powerOfTwo(step.mul(FloatVector.fromArray(SPECIES, a, aAt + s))).intoArray(decay, at + s);
      }
    }
  }

  /**
   * {@code 2^x} for x up to 0, to 1 unit in the last place; below -126 it is 2^-126. Cheaper than
   * {@link Exponential}, and these powers are most of the work. The coefficients minimise the
   * relative error (2e-9) for a rest within 1/2 of zero.
   */
  private static FloatVector powerOfTwo(FloatVector x) {
    FloatVector bounded = x.max(-126f);
    FloatVector shifted = bounded.add(ROUNDER);
    FloatVector rest = bounded.sub(shifted.sub(ROUNDER));
    FloatVector p = FloatVector.broadcast(SPECIES, 1.5353362e-4f);
    p = p.fma(rest, FloatVector.broadcast(SPECIES, 1.3398874e-3f));
    p = p.fma(rest, FloatVector.broadcast(SPECIES, 9.6184369e-3f));
    p = p.fma(rest, FloatVector.broadcast(SPECIES, 5.5503324e-2f));
    p = p.fma(rest, FloatVector.broadcast(SPECIES, 2.4022648e-1f));
    p = p.fma(rest, FloatVector.broadcast(SPECIES, 6.9314718e-1f));
    p = p.fma(rest, FloatVector.broadcast(SPECIES, 1f));
    IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
  }

  /**
   * Runs the recurrence and reads it out into {@code scratch.y}.
   *
   * @param step from the state after one row to the next in {@code scratch.states}; 0 to keep only
   *     the last
   */
  private static void scan(Scratch scratch, int rows, int stateSize, int step) {
    float[] states = scratch.states;
    float[] decay = scratch.decay;
    float[] bc = scratch.bc;
    for (int row = 0; row < rows; row++) {
      FloatVector drive =
          FloatVector.fromArray(SPECIES, scratch.delta, row * LANES)
              .mul(FloatVector.fromArray(SPECIES, scratch.x, row * LANES));
      FloatVector sum = FloatVector.zero(SPECIES);
      int before = row * step;
      int after = before + step;
      int decayAt = row * stateSize * LANES;
      int b = row * 2 * stateSize;
      for (int s = 0; s < stateSize; s++) {
        FloatVector state =
            FloatVector.fromArray(SPECIES, decay, decayAt + s * LANES)
                .fma(
                    FloatVector.fromArray(SPECIES, states, before + s * LANES),
                    drive.mul(bc[b + s]));
        state.intoArray(states, after + s * LANES);
        sum = state.fma(FloatVector.broadcast(SPECIES, bc[b + stateSize + s]), sum);
      }
      sum.intoArray(scratch.y, row * LANES);
    }
  }

  /**
   * From {@code scratch.dy}, the gradient to the sum before the gate, to those of drive, delta, B
   * and C. Drive is {@code delta * x}.
   */
  private static void scanBackward(
      Scratch scratch, float[] a, int aAt, int dStateAt, int rows, int stateSize) {
    float[] states = scratch.states;
    float[] decay = scratch.decay;
    float[] bc = scratch.bc;
    float[] dBc = scratch.dBc;
    float[] dState = scratch.dState;
    for (int row = rows - 1; row >= 0; row--) {
      FloatVector dy = FloatVector.fromArray(SPECIES, scratch.dy, row * LANES);
      FloatVector drive =
          FloatVector.fromArray(SPECIES, scratch.delta, row * LANES)
              .mul(FloatVector.fromArray(SPECIES, scratch.x, row * LANES));
      FloatVector dDrive = FloatVector.zero(SPECIES);
      FloatVector dExponent = FloatVector.zero(SPECIES);
      int before = row * stateSize * LANES;
      int after = before + stateSize * LANES;
      int b = row * 2 * stateSize;
      for (int s = 0; s < stateSize; s++) {
        int at = s * LANES;
        int dBAt = b * LANES + at;
        int dCAt = dBAt + stateSize * LANES;
        dy.fma(
                FloatVector.fromArray(SPECIES, states, after + at),
                FloatVector.fromArray(SPECIES, dBc, dCAt))
            .intoArray(dBc, dCAt);
        FloatVector g =
            dy.fma(
                FloatVector.broadcast(SPECIES, bc[b + stateSize + s]),
                FloatVector.fromArray(SPECIES, dState, dStateAt + at));
        g.fma(drive, FloatVector.fromArray(SPECIES, dBc, dBAt)).intoArray(dBc, dBAt);
        dDrive = g.fma(FloatVector.broadcast(SPECIES, bc[b + s]), dDrive);
        FloatVector decayed = g.mul(FloatVector.fromArray(SPECIES, decay, before + at));
        decayed.intoArray(dState, dStateAt + at);
        dExponent =
            decayed
                .mul(FloatVector.fromArray(SPECIES, states, before + at))
                .fma(FloatVector.fromArray(SPECIES, a, aAt + at), dExponent);
      }
      dDrive.intoArray(scratch.dDrive, row * LANES);
      dExponent.intoArray(scratch.dDelta, row * LANES);
    }
  }

  /** {@code y = (y + D * x) * silu(z)}. */
  private static void gate(Scratch scratch, float[] d, int dAt, int rows) {
    FloatVector skip = FloatVector.fromArray(SPECIES, d, dAt);
    for (int i = 0; i < rows * LANES; i += LANES) {
      FloatVector z = FloatVector.fromArray(SPECIES, scratch.z, i);
      skip.fma(
              FloatVector.fromArray(SPECIES, scratch.x, i),
              FloatVector.fromArray(SPECIES, scratch.y, i))
          .mul(z.div(Exponential.exp(z.neg()).add(1f)))
          .intoArray(scratch.y, i);
    }
  }

  /** Turns {@code scratch.dy} into the gradient before the gate and z into its gradient. */
  private static void gateBackward(Scratch scratch, float[] d, int dAt, int rows) {
    FloatVector skip = FloatVector.fromArray(SPECIES, d, dAt);
    FloatVector one = FloatVector.broadcast(SPECIES, 1f);
    for (int i = 0; i < rows * LANES; i += LANES) {
      FloatVector z = FloatVector.fromArray(SPECIES, scratch.z, i);
      FloatVector dy = FloatVector.fromArray(SPECIES, scratch.dy, i);
      FloatVector sum =
          skip.fma(
              FloatVector.fromArray(SPECIES, scratch.x, i),
              FloatVector.fromArray(SPECIES, scratch.y, i));
      FloatVector sigmoid = one.div(Exponential.exp(z.neg()).add(1f));
      dy.mul(sum).mul(sigmoid).mul(one.sub(sigmoid).fma(z, one)).intoArray(scratch.z, i);
      dy.mul(z).mul(sigmoid).intoArray(scratch.dy, i);
    }
  }

  /** From the gradients to drive and exponent to those of x and delta. */
  private static void inputsBackward(Scratch scratch, float[] d, int dAt, int rows) {
    FloatVector skip = FloatVector.fromArray(SPECIES, d, dAt);
    for (int i = 0; i < rows * LANES; i += LANES) {
      FloatVector dDrive = FloatVector.fromArray(SPECIES, scratch.dDrive, i);
      FloatVector.fromArray(SPECIES, scratch.dDelta, i)
          .mul((float) (1 / LOG2_E))
          .add(dDrive.mul(FloatVector.fromArray(SPECIES, scratch.x, i)))
          .intoArray(scratch.dDelta, i);
      skip.mul(FloatVector.fromArray(SPECIES, scratch.dy, i))
          .add(dDrive.mul(FloatVector.fromArray(SPECIES, scratch.delta, i)))
          .intoArray(scratch.x, i);
    }
  }

  private void load(Inputs in, int vector, int from, int rows, Scratch scratch) {
    int col = vector * LANES;
    load(in.x, col, vector, from, rows, scratch.x);
    load(in.timeStep, col, vector, from, rows, scratch.timeStep);
    load(in.z, in.zCol + col, vector, from, rows, scratch.z);
    Softplus.forward(scratch.timeStep, scratch.delta, rows * LANES);
  }

  /** Copies the columns of one vector; lanes beyond the last channel become 0. */
  private void load(Matrix source, int col, int vector, int from, int rows, float[] target) {
    MemorySegment data = source.data();
    int count = channels - vector * LANES;
    for (int row = 0; row < rows; row++) {
      if (count >= LANES) {
        FloatVector.fromMemorySegment(SPECIES, data, source.offset(from + row) + 4L * col, ORDER)
            .intoArray(target, row * LANES);
      } else {
        for (int lane = 0; lane < LANES; lane++) {
          target[row * LANES + lane] = lane < count ? source.get(from + row, col + lane) : 0f;
        }
      }
    }
  }

  private void store(float[] source, Matrix target, int col, int vector, int from, int rows) {
    MemorySegment data = target.data();
    int count = channels - vector * LANES;
    for (int row = 0; row < rows; row++) {
      if (count >= LANES) {
        FloatVector.fromArray(SPECIES, source, row * LANES)
            .intoMemorySegment(data, target.offset(from + row) + 4L * col, ORDER);
      } else {
        for (int lane = 0; lane < count; lane++) {
          target.set(from + row, col + lane, source[row * LANES + lane]);
        }
      }
    }
  }

  private void loadBc(Inputs in, int from, int rows, Scratch scratch) {
    for (int row = 0; row < rows; row++) {
      MemorySegment.copy(
          in.bc.data(),
          ValueLayout.JAVA_FLOAT,
          in.bc.offset(from + row) + 4L * in.bcCol,
          scratch.bc,
          row * 2 * stateSize,
          2 * stateSize);
    }
  }

  private void storeDBc(float[] dBc, Matrix target, int col, int from, int rows) {
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < 2 * stateSize; i++) {
        int at = (row * 2 * stateSize + i) * LANES;
        target.set(from + row, col + i, LaneSum.of(FloatVector.fromArray(SPECIES, dBc, at)));
      }
    }
  }

  private void loadState(Matrix source, int row, int vector, Scratch scratch) {
    MemorySegment.copy(
        source.data(),
        ValueLayout.JAVA_FLOAT,
        source.offset(row) + 4L * vector * vectorState,
        scratch.states,
        0,
        vectorState);
  }

  private void storeState(Matrix target, int row, int vector, Scratch scratch) {
    MemorySegment.copy(
        scratch.states,
        0,
        target.data(),
        ValueLayout.JAVA_FLOAT,
        target.offset(row) + 4L * vector * vectorState,
        vectorState);
  }
}
