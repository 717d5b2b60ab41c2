package dev.cram.recipe;

/** Moves parameters against a gradient. Instances carry the state of one optimisation. */
@FunctionalInterface
public interface Optimiser {
  /**
   * Takes one step.
   *
   * @param parameters updated in place
   * @param gradient of the objective at these parameters, of the same length
   */
  void step(float[] parameters, float[] gradient, double learningRate);

  /** Says that the next gradient is of another objective than the last. */
  default void objectiveChanged() {}
}
