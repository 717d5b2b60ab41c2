package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.LayerNorm;
import dev.cram.tensor.op.RmsNorm;

/** {@link RmsNorm} or {@link LayerNorm} as a layer, {@code [rows, outputs]} to the same. */
public final class Norm implements Layer {
  private final int size;
  private final boolean centred;
  private final Matrix weight;
  private final Matrix bias;
  private final float eps;
  private final boolean keepsInput;

  private Norm(
      int size, boolean centred, Matrix weight, Matrix bias, float eps, boolean keepsInput) {
    this.size = size;
    this.centred = centred;
    this.weight = weight;
    this.bias = bias;
    this.eps = eps;
    this.keepsInput = keepsInput;
  }

  /**
   * {@link RmsNorm}.
   *
   * @param weight {@code [1, size]}
   */
  public static Norm rms(Matrix weight, float rmsNormEps) {
    return new Norm(weight.cols(), false, weight, null, rmsNormEps, false);
  }

  /**
   * {@link RmsNorm} behind a layer whose output is not kept until the backward pass, so that the
   * norm must keep it.
   *
   * @param weight {@code [1, size]}
   */
  public static Norm rmsAtEndOfBranch(Matrix weight, float rmsNormEps) {
    return new Norm(weight.cols(), false, weight, null, rmsNormEps, true);
  }

  /**
   * {@link LayerNorm} with weight and bias.
   *
   * @param weight {@code [1, size]}
   * @param bias {@code [1, size]}
   */
  public static Norm layer(Matrix weight, Matrix bias, float layerNormEps) {
    return new Norm(weight.cols(), true, weight, bias, layerNormEps, false);
  }

  /** {@link LayerNorm} without parameters. */
  public static Norm layer(int size, float layerNormEps) {
    return new Norm(size, true, null, null, layerNormEps, false);
  }

  @Override
  public int outputs() {
    return size;
  }

  @Override
  public boolean gradientInPlace() {
    return true;
  }

  @Override
  public boolean keepsSteady() {
    return true;
  }

  @Override
  public Stage plan(Flow input, Matrix outputGradient, Plan plan) {
    boolean keeps = keepsInput && outputGradient != null;
    Matrix x = keeps ? plan.kept(size) : input.value();
    Matrix dx = input.gradient();
    Matrix y = plan.rowByRow(input, size);
    float[] means = new float[centred ? plan.maxRows() : 0];
    float[] inverseDeviations = new float[plan.maxRows()];
    Workers workers = plan.workers();
    return new Stage() {
      private int first;
      private final Workers.Task normalise = centred ? this::layerNorm : this::rmsNorm;
      private final Workers.Task back = centred ? this::layerNormBackward : this::rmsNormBackward;

      @Override
      public Matrix output() {
        return y;
      }

      @Override
      public void forward(int from, int to) {
        first = from;
        workers.run(normalise, input.changing(to) - from);
      }

      @Override
      public void backward(int rows) {
        workers.run(back, input.wanted(rows));
      }

      private void layerNorm(int part, int worker) {
        LayerNorm.forward(x, weight, bias, eps, y, first + part, means, inverseDeviations);
      }

      private void layerNormBackward(int row, int worker) {
        LayerNorm.backward(x, weight, means, inverseDeviations, outputGradient, dx, row);
      }

      private void rmsNorm(int part, int worker) {
        int row = first + part;
        if (keeps) {
          x.copyRow(row, input.value(), row);
        }
        inverseDeviations[row] = RmsNorm.forward(x, weight, eps, y, row);
      }

      private void rmsNormBackward(int row, int worker) {
        RmsNorm.backward(x, weight, inverseDeviations[row], outputGradient, dx, row);
      }
    };
  }
}
