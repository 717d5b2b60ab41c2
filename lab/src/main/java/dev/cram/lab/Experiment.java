package dev.cram.lab;

import dev.cram.lm.InputException;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is to be measured: every model on every source at every length, number of vectors and seed.
 *
 * @param name what reports call it
 * @param models {@code cram-tiny} or paths of models
 * @param sources what reports call a source, and which texts are taken from it
 * @param lengths of the texts, in tokens of the model; ascending, at least 2 each, since the first
 *     token is given
 * @param vectors numbers of [mem] vectors (K)
 * @param seeds of the optimisation
 * @param textSeed of the choice of texts
 * @param recipe how the vectors are searched
 * @param precision of the model
 * @param goal which of the lengths are run
 * @param linePoints points on the line between the vectors that two seeds found for one text, ends
 *     included, at which the accuracy is measured; 0 for no such lines
 */
public record Experiment(
    String name,
    List<String> models,
    Map<String, Sampling> sources,
    List<Integer> lengths,
    List<Integer> vectors,
    List<Long> seeds,
    long textSeed,
    Recipe recipe,
    Precision precision,
    Goal goal,
    int linePoints) {

  /** Which of the lengths are run. */
  public enum Goal {
    /** All of them: for gains, curves and figures. */
    ALL,
    /**
     * Those that it takes to find the Decoding Capacity, by bisection: it is assumed that what
     * fails at one length fails at the longer ones.
     */
    CAPACITY
  }

  /** The proto-tokens of Mezentsev and Oseledets 2025. */
  private static final int ONE_STEP_VECTORS = 2;

  /** The grid of Kuratov et al. 2025, in tokens. */
  public static final List<Integer> PAPER_LENGTHS =
      List.of(8, 16, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1568);

  /**
   * @throws InputException if a list is empty or a number makes no sense
   */
  public Experiment {
    models = nonEmpty("models", models);
    lengths = nonEmpty("lengths", lengths).stream().sorted().distinct().toList();
    vectors = nonEmpty("vectors", vectors).stream().sorted().distinct().toList();
    seeds = nonEmpty("seeds", seeds).stream().distinct().toList();
    sources = Collections.unmodifiableMap(new LinkedHashMap<>(sources));
    if (sources.isEmpty()) {
      throw new InputException("sources: none is given, expected at least one");
    }
    atLeast("lengths", lengths.getFirst(), 2);
    atLeast("vectors", vectors.getFirst(), 1);
    if (linePoints != 0) {
      atLeast("line-points", linePoints, 2);
    }
    if (recipe.reading() == Recipe.Reading.ONE_STEP) {
      if (!vectors.equals(List.of(ONE_STEP_VECTORS))) {
        throw new InputException("vectors: the recipe one-step always has 2; say 2, or nothing");
      }
      if (linePoints != 0) {
        throw new InputException(
            "line-points: lines are not measured with the recipe one-step, which reads all tokens"
                + " in one pass; leave them out");
      }
    }
  }

  /** Numbers of vectors that a recipe can have begin with this. */
  static int fewestVectors(Recipe recipe) {
    return recipe.reading() == Recipe.Reading.ONE_STEP ? ONE_STEP_VECTORS : 1;
  }

  private static <T> List<T> nonEmpty(String key, List<T> values) {
    if (values.isEmpty()) {
      throw new InputException(key + ": none is given, expected at least one");
    }
    return List.copyOf(values);
  }

  private static void atLeast(String key, int value, int least) {
    if (value < least) {
      throw new InputException(key + ": " + value + " is given, expected at least " + least);
    }
  }
}
