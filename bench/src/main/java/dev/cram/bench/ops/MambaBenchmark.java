package dev.cram.bench.ops;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.op.CausalConvolution;
import dev.cram.tensor.op.SelectiveScan;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** The scan and the convolution of one layer, all channels on one thread; sizes of Mamba-130M. */
public class MambaBenchmark extends OpBenchmark {
  private static final int CHANNELS = 1536;
  private static final int STATE_SIZE = 16;
  private static final int KERNEL = 4;

  @Param({"64", "256"})
  public int rows;

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
    convolution = new CausalConvolution(randomValues(CHANNELS * KERNEL), randomValues(CHANNELS));
    float[] a = randomValues(CHANNELS * STATE_SIZE);
    for (int i = 0; i < a.length; i++) {
      a[i] = -1 - Math.abs(a[i]);
    }
    scan = new SelectiveScan(a, randomValues(CHANNELS));
    scratch = new SelectiveScan.Scratch(STATE_SIZE);
    inputs = inputs(2 * STATE_SIZE);
    gradients = inputs(scan.blocks() * 2 * STATE_SIZE);
    state = random(1, scan.stateFloats());
    checkpoints = random(SelectiveScan.checkpoints(rows), scan.stateFloats());
    window = random(KERNEL - 1, CHANNELS);
    y = random(rows, CHANNELS);
    dy = random(rows, CHANNELS);
    scanForward();
  }

  private SelectiveScan.Inputs inputs(int bcColumns) {
    return new SelectiveScan.Inputs(
        random(rows, CHANNELS),
        random(rows, CHANNELS),
        random(rows, bcColumns),
        0,
        random(rows, CHANNELS),
        0);
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
