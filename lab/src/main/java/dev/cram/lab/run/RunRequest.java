package dev.cram.lab.run;

import dev.cram.recipe.Recipe;
import java.io.Serializable;

/**
 * A run to be done.
 *
 * @param key identifies it
 * @param experiment the name of the experiment that asks for it
 * @param modelPath what the model is opened by
 * @param opening the first words of the text, for people to see
 * @param tokens the text, {@code [key.length]}
 * @param correctWithout how many of the predicted tokens are right without vectors
 * @param crossEntropyWithout mean over the predicted tokens without vectors, in nats
 */
public record RunRequest(
    RunKey key,
    String experiment,
    String modelPath,
    String opening,
    int[] tokens,
    int correctWithout,
    double crossEntropyWithout)
    implements Serializable {
  /** The same with another step budget. */
  public RunRequest withMaxSteps(int maxSteps) {
    return new RunRequest(
        key.withMaxSteps(maxSteps),
        experiment,
        modelPath,
        opening,
        tokens,
        correctWithout,
        crossEntropyWithout);
  }

  /** The recipe with the budget of this run. */
  Recipe recipe() {
    return Recipe.named(key.recipe()).withMaxSteps(key.maxSteps()).withPatience(key.patience());
  }
}
