package dev.cram.app;

import dev.cram.tensor.Precision;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/** Options of the commands that look for vectors. */
final class OptimiserOptions {
  @Option(
      names = {"-k", "--vectors"},
      paramLabel = "K",
      converter = ModelOptions.AtLeastOne.class,
      description =
          "Vectors that each segment of the text gets. Without it, the text is cut so that all of"
              + " it is exact.")
  private Integer vectors;

  @Option(
      names = "--precision",
      paramLabel = "f32|bf16",
      defaultValue = "f32",
      description = "Numbers that the model computes with (default: ${DEFAULT-VALUE}).")
  private Precision precision;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Seed of the random start (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--max-steps",
      paramLabel = "N",
      converter = ModelOptions.AtLeastOne.class,
      description = "Give a segment up after N optimisation steps.")
  private Integer maxSteps;

  @Option(
      names = "--recipe",
      paramLabel = "R",
      description = "How the vectors are found; an unknown name lists the known ones.")
  private String recipe;

  Precision precision() {
    return precision;
  }

  Engine.Settings settings() {
    return new Engine.Settings(
        vectors == null ? OptionalInt.empty() : OptionalInt.of(vectors),
        maxSteps == null ? OptionalInt.empty() : OptionalInt.of(maxSteps),
        Optional.ofNullable(recipe),
        seed);
  }
}
