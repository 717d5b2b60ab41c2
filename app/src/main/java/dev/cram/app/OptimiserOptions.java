package dev.cram.app;

import dev.cram.CompressOptions;
import dev.cram.container.Grid;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import java.util.Iterator;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

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

  @Option(
      names = "--bits",
      paramLabel = "B",
      defaultValue = "32",
      converter = Bits.class,
      description =
          "Bits of a vector's element: 16, 8, 6, 4 or 3 for vectors that are small, 32 for floats"
              + " (default: ${DEFAULT-VALUE}).")
  private int bits;

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
            usual.marginGoal())
        .withVectorBits(bits);
  }

  /** The bits of an element that vectors can be stored with. */
  static final class Bits implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      int bits = new ModelOptions.AtLeastOne().convert(value);
      if (!Grid.supports(bits)) {
        throw new TypeConversionException("'" + value + "' is not one of 3, 4, 6, 8, 16 and 32");
      }
      return bits;
    }
  }

  /** What {@code --recipe} takes where files are made. */
  static final class RecipeNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Recipe.namesForFiles().iterator();
    }
  }
}
