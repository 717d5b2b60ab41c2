package dev.cram.lab.run;

import dev.cram.recipe.Recipe;

/**
 * A run to be done.
 *
 * @param key identifies it
 * @param modelPath what the model is opened by
 * @param tokens the text, {@code [key.length]}
 * @param baseline of the text or of a longer one that begins with it
 */
public record RunRequest(RunKey key, String modelPath, int[] tokens, Baseline baseline) {
  /** The same with another step budget. */
  public RunRequest withMaxSteps(int maxSteps) {
    return new RunRequest(key.withMaxSteps(maxSteps), modelPath, tokens, baseline);
  }

  /** The recipe with the budget of this run. */
  Recipe recipe() {
    return Recipe.named(key.recipe()).withMaxSteps(key.maxSteps()).withPatience(key.patience());
  }
}
