package dev.cram.tensor.op;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), in the order of operations of
 * PyTorch's single-tensor implementation.
 *
 * <p>The state is one first and one second moment per parameter. The parameters are the few
 * thousand trainable ones of a text, so they live on the heap.
 */
public final class AdamW {
  private final double beta1;
  private final double beta2;
  private final double eps;
  private final double weightDecay;
  private final float[] firstMoment;
  private final float[] secondMoment;
  private int steps;

  public AdamW(int parameters, double beta1, double beta2, double eps, double weightDecay) {
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.eps = eps;
    this.weightDecay = weightDecay;
    firstMoment = new float[parameters];
    secondMoment = new float[parameters];
  }

  /**
   * Moves the parameters by one step.
   *
   * @param parameters {@code [parameters]}, updated in place
   * @param gradient {@code [parameters]}
   */
  public void step(float[] parameters, float[] gradient, double learningRate) {
    steps++;
    float keep = (float) (1 - learningRate * weightDecay);
    float b1 = (float) (1 - beta1);
    float b2 = (float) beta2;
    float c2 = (float) (1 - beta2);
    double correction1 = 1 - Math.pow(beta1, steps);
    float correction2 = (float) Math.sqrt(1 - Math.pow(beta2, steps));
    float epsilon = (float) eps;
    float size = (float) (learningRate / correction1);
    for (int i = 0; i < parameters.length; i++) {
      float g = gradient[i];
      float m = firstMoment[i] + b1 * (g - firstMoment[i]);
      float v = secondMoment[i] * b2 + c2 * g * g;
      firstMoment[i] = m;
      secondMoment[i] = v;
      float denominator = (float) Math.sqrt(v) / correction2 + epsilon;
      parameters[i] = parameters[i] * keep - size * m / denominator;
    }
  }
}
