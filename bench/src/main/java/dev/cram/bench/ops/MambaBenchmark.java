package dev.cram.bench.ops;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.op.CausalConvolution;
import dev.cram.tensor.op.SelectiveScan;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The scan and the convolution of one layer, all channels on one thread; sizes of Mamba-130M. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Thread)
public class MambaBenchmark {
  private static final int CHANNELS = 1536;
  private static final int STATE_SIZE = 16;
  private static final int KERNEL = 4;

  @Param({"64", "256"})
  public int rows;

  private OpState memory;
  private CausalConvolution convolution;
  private SelectiveScan scan;
  private SelectiveScan.Scratch scratch;
  private SelectiveScan.Inputs inputs;
  private SelectiveScan.Inputs gradients;
  private Matrix state;
  private Matrix checkpoints;
  private Matrix window;
  private Matrix y;
  private Matrix dy;

  @Setup
  public void setUp() {
    memory = new OpState();
    convolution =
        new CausalConvolution(
            memory.randomValues(CHANNELS * KERNEL), memory.randomValues(CHANNELS));
    float[] a = memory.randomValues(CHANNELS * STATE_SIZE);
    for (int i = 0; i < a.length; i++) {
      a[i] = -1 - Math.abs(a[i]);
    }
    scan = new SelectiveScan(a, memory.randomValues(CHANNELS));
    scratch = new SelectiveScan.Scratch(STATE_SIZE);
    inputs = inputs(2 * STATE_SIZE);
    gradients = inputs(scan.blocks() * 2 * STATE_SIZE);
    state = memory.random(1, scan.stateFloats());
    checkpoints = memory.random(SelectiveScan.checkpoints(rows), scan.stateFloats());
    window = memory.random(KERNEL - 1, CHANNELS);
    y = memory.random(rows, CHANNELS);
    dy = memory.random(rows, CHANNELS);
    scanForward();
  }

  private SelectiveScan.Inputs inputs(int bcColumns) {
    return new SelectiveScan.Inputs(
        memory.random(rows, CHANNELS),
        memory.random(rows, CHANNELS),
        memory.random(rows, bcColumns),
        0,
        memory.random(rows, CHANNELS),
        0);
  }

  @TearDown
  public void tearDown() {
    memory.close();
  }

  @Benchmark
  public void scanForward() {
    for (int block = 0; block < scan.blocks(); block++) {
      scan.forward(block, inputs, state, checkpoints, y, 0, rows, scratch);
    }
  }

  @Benchmark
  public void scanBackward() {
    for (int block = 0; block < scan.blocks(); block++) {
      scan.backward(block, inputs, checkpoints, dy, rows, gradients, scratch);
    }
  }

  @Benchmark
  public void convolutionForward() {
    for (int row = 0; row < rows; row++) {
      convolution.forward(inputs.x(), window, 0, y, row);
    }
  }

  @Benchmark
  public void convolutionBackward() {
    for (int row = 0; row < rows; row++) {
      convolution.backward(dy, y, row, rows);
    }
  }
}
