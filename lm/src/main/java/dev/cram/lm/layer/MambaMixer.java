package dev.cram.lm.layer;

import dev.cram.tensor.FrozenLinear;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.Activation;
import dev.cram.tensor.op.CausalConvolution;
import dev.cram.tensor.op.SelectiveScan;
import dev.cram.tensor.op.Sum;

/**
 * The mixer of a Mamba block (Gu and Dao 2023, figure 3): {@code x, z = in(input)}, {@code x =
 * silu(convolution(x))}, from x the time step, B and C of each row, and {@code out(scan(x, time
 * step, B, C, z))}.
 *
 * @param in x and the gate z, their outputs side by side: {@code [2 * innerSize, hiddenSize]}
 * @param convolution of x, {@code innerSize} channels
 * @param select the low-rank time step, B and C, their outputs side by side: {@code [timeStepRank +
 *     2 * stateSize, innerSize]}
 * @param timeStep {@code [innerSize, timeStepRank]}
 * @param out {@code [hiddenSize, innerSize]}
 */
public record MambaMixer(
    FrozenLinear in,
    CausalConvolution convolution,
    FrozenLinear select,
    FrozenLinear timeStep,
    SelectiveScan scan,
    FrozenLinear out)
    implements Layer {
  @Override
  public int outputs() {
    return out.outputs();
  }

  @Override
  public Stage plan(Flow input, Matrix outputGradient, Plan plan) {
    return new Bound(this, input, outputGradient, plan);
  }

  private static final class Bound implements Stage {
    private final MambaMixer layer;
    private final Flow input;
    private final Matrix outputGradient;
    private final Multiplier multiplier;
    private final Workers workers;
    private final SelectiveScan.Scratch[] scratch;
    private final int timeStepRank;

    /** x and z, and in the backward pass the gradients to them. */
    private final Matrix xz;

    /** x and z of steady rows, which the backward pass would overwrite; null if there are none. */
    private final Matrix steadyXz;

    private final Matrix convolved;

    /** Its SiLU. */
    private final Matrix activated;

    /** The low-rank time step, B and C. */
    private final Matrix selected;

    private final Matrix lowRankTimeStep;
    private final Matrix timeStep;
    private final Matrix scanned;
    private final Matrix output;

    /** What rows hand on to later calls: the last inputs of the convolution, and the state. */
    private final Matrix window;

    private final Matrix state;
    private final Matrix checkpoints;

    private final Matrix dScanned;
    private final Matrix dActivated;
    private final Matrix dSelected;
    private final Matrix dBcOfBlocks;

    private final SelectiveScan.Inputs scanInputs;
    private final SelectiveScan.Inputs dScanInputs;
    private final Workers.Task takeSteady = this::takeSteady;
    private final Workers.Task convolve = this::convolve;
    private final Workers.Task takeTimeStep = this::takeTimeStep;
    private final Workers.Task scan = this::scan;
    private final Workers.Task scanBackward = this::scanBackward;
    private final Workers.Task selectBackward = this::selectBackward;
    private final Workers.Task activateBackward = this::activateBackward;
    private final Workers.Task convolveBackward = this::convolveBackward;
    private int first;
    private int end;

    Bound(MambaMixer layer, Flow input, Matrix outputGradient, Plan plan) {
      this.layer = layer;
      this.input = input;
      this.outputGradient = outputGradient;
      multiplier = plan.multiplier();
      workers = plan.workers();
      int innerSize = layer.scan.channels();
      int stateSize = layer.scan.stateSize();
      timeStepRank = layer.timeStep.inputs();
      scratch = plan.scanScratch(stateSize);
      xz = plan.kept(2 * innerSize);
      steadyXz = input.steady() == null ? null : plan.cache(2 * innerSize);
      selected = plan.kept(layer.select.outputs());
      // Cheap beside the products: computed again in the backward pass, rather than kept.
      convolved = plan.scratch(innerSize);
      activated = plan.scratch(innerSize);
      lowRankTimeStep = plan.scratch(timeStepRank);
      timeStep = plan.scratch(innerSize);
      scanned = plan.scratch(innerSize);
      output = plan.scratch(layer.outputs());
      window = plan.state(layer.convolution.kernel() - 1, innerSize);
      state = plan.state(1, layer.scan.stateFloats());
      checkpoints =
          plan.gradients()
              ? plan.state(SelectiveScan.checkpoints(plan.maxRows()), layer.scan.stateFloats())
              : null;
      scanInputs =
          new SelectiveScan.Inputs(activated, timeStep, selected, timeStepRank, xz, innerSize);
      dScanned = plan.gradient(innerSize);
      dActivated = plan.gradient(innerSize);
      dSelected = plan.gradient(layer.select.outputs());
      dBcOfBlocks = plan.gradient(layer.scan.blocks() * 2 * stateSize);
      dScanInputs = new SelectiveScan.Inputs(activated, timeStep, dBcOfBlocks, 0, xz, innerSize);
    }

    @Override
    public Matrix output() {
      return output;
    }

    @Override
    public void forward(int from, int to) {
      first = from;
      end = to;
      if (steadyXz == null) {
        layer.in.forward(multiplier, input.value(), xz, from, to);
      } else {
        layer.in.forward(multiplier, input.value(), steadyXz, from, input.changing(to));
        workers.run(takeSteady, to - from);
      }
      workers.run(convolve, to - from);
      layer.convolution.slide(xz, from, to, window);
      layer.select.forward(multiplier, activated, selected, from, to);
      computeTimeStep();
      workers.run(scan, layer.scan.blocks());
      layer.out.forward(multiplier, scanned, output, from, to);
    }

    private void takeSteady(int part, int worker) {
      xz.copyRow(first + part, steadyXz, first + part);
    }

    private void convolve(int part, int worker) {
      int row = first + part;
      layer.convolution.forward(xz, window, first, convolved, row);
      Activation.SILU.forward(convolved, activated, row);
    }

    private void computeTimeStep() {
      workers.run(takeTimeStep, end - first);
      layer.timeStep.forward(multiplier, lowRankTimeStep, timeStep, first, end);
    }

    private void takeTimeStep(int part, int worker) {
      Sum.copy(selected, 0, lowRankTimeStep, 0, first + part, timeStepRank);
    }

    private void scan(int block, int worker) {
      layer.scan.forward(
          block, scanInputs, state, checkpoints, scanned, first, end, scratch[worker]);
    }

    @Override
    public void backward(int rows) {
      first = 0;
      end = rows;
      workers.run(convolve, rows);
      computeTimeStep();
      layer.out.backward(multiplier, outputGradient, dScanned, 0, rows);
      workers.run(scanBackward, layer.scan.blocks());
      layer.timeStep.backward(multiplier, timeStep, lowRankTimeStep, 0, rows);
      workers.run(selectBackward, rows);
      layer.select.backward(multiplier, dSelected, dActivated, 0, rows);
      workers.run(activateBackward, rows);
      workers.run(convolveBackward, rows);
      layer.in.backward(multiplier, xz, input.gradient(), 0, input.wanted(rows));
    }

    private void scanBackward(int block, int worker) {
      layer.scan.backward(
          block, scanInputs, checkpoints, dScanned, end, dScanInputs, scratch[worker]);
    }

    private void selectBackward(int row, int worker) {
      Sum.copy(lowRankTimeStep, 0, dSelected, 0, row, timeStepRank);
      int count = 2 * layer.scan.stateSize();
      Sum.copy(dBcOfBlocks, 0, dSelected, timeStepRank, row, count);
      for (int block = 1; block < layer.scan.blocks(); block++) {
        Sum.into(dBcOfBlocks, block * count, dSelected, timeStepRank, row, count);
      }
    }

    /** Two read the activated rows: the scan, whose gradient is in their place, and select. */
    private void activateBackward(int row, int worker) {
      Sum.of(activated, dActivated, dActivated, row);
      Activation.SILU.backward(convolved, dActivated, dActivated, row);
    }

    private void convolveBackward(int row, int worker) {
      layer.convolution.backward(dActivated, xz, row, end);
    }
  }
}
