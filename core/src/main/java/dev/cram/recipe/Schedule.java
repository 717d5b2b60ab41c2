package dev.cram.recipe;

/** The learning rate of each step. */
@FunctionalInterface
public interface Schedule {
  /**
   * @param step from 0
   * @param maxSteps the step at which the optimisation ends at the latest
   */
  double learningRate(int step, int maxSteps);

  /** The same rate at every step. */
  static Schedule constant(double learningRate) {
    return (step, maxSteps) -> learningRate;
  }

  /**
   * Linear warm-up from 0, then half a cosine from peak to floor (transformers, {@code
   * cosine_with_min_lr}).
   */
  static Schedule cosine(double peak, double floor, int warmupSteps) {
    return (step, maxSteps) -> {
      if (step < warmupSteps) {
        return peak * step / warmupSteps;
      }
      double progress = (double) (step - warmupSteps) / Math.max(1, maxSteps - warmupSteps);
      double share = Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
      return floor + (peak - floor) * share;
    };
  }
}
