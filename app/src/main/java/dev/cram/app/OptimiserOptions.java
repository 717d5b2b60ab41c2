package dev.cram.app;

import dev.cram.CompressOptions;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import java.util.Iterator;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of the commands that look for vectors. */
final class OptimiserOptions {
  @Option(
      names = {"-k", "--vectors"},
      paramLabel = "K",
      defaultValue = "1",
      converter = ModelOptions.AtLeastOne.class,
      description =
          "Vectors of each segment (default: ${DEFAULT-VALUE}). The text is cut into as many"
              + " segments as it takes to be exact.")
  private int vectors;

  @Option(
      names = "--precision",
      paramLabel = "f32|bf16",
      defaultValue = "f32",
      description = "Numbers that the model computes with (default: ${DEFAULT-VALUE}).")
  private Precision precision;

  @Mixin private SeedOption seed;

  @Option(
      names = "--max-steps",
      paramLabel = "N",
      converter = ModelOptions.AtLeastOne.class,
      description = "Give a segment up after N optimisation steps (default: the recipe's).")
  private Integer maxSteps;

  @Option(
      names = "--recipe",
      paramLabel = "R",
      completionCandidates = RecipeNames.class,
      description =
          "How the vectors are found: ${COMPLETION-CANDIDATES} (default: the first of them).")
  private String recipe;

  Precision precision() {
    return precision;
  }

  /**
   * @throws dev.cram.lm.InputException if there is no such recipe
   */
  CompressOptions options() {
    CompressOptions usual = CompressOptions.DEFAULT;
    Recipe chosen = recipe == null ? usual.recipe() : Recipe.named(recipe);
    return new CompressOptions(
        vectors,
        maxSteps == null ? chosen : chosen.withMaxSteps(maxSteps),
        seed.seed(),
        usual.marginGoal());
  }

  /** What {@code --recipe} takes. */
  static final class RecipeNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Recipe.names().iterator();
    }
  }
}
