package dev.cram.recipe;

import dev.cram.container.Grid;
import dev.cram.lm.InputException;
import dev.cram.tensor.op.AdamW;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;

/**
 * A way to find the vectors of a text.
 *
 * @param name what the user calls it
 * @param start the parametrisation at its start
 * @param optimiser made for a number of parameters
 * @param schedule the learning rate
 * @param growth which prefix of the text is trained on
 * @param reading how the text comes out of the vectors
 * @param boost by what share the weight of a target grows at each step at which it does not win by
 *     the margin goal; 0 where all targets always count the same
 * @param leastMargin the least by which a right token's logit should exceed every other one, in
 *     logits, however little the user asks for
 * @param maxSteps after how many steps to give up
 * @param patience after how many steps without progress to give up: a better accuracy or, where
 *     targets are boosted, a smaller shortfall of margins
 */
public record Recipe(
    String name,
    Start start,
    IntFunction<Optimiser> optimiser,
    Schedule schedule,
    Growth growth,
    Reading reading,
    double boost,
    float leastMargin,
    int maxSteps,
    int patience) {

  /** Makes the parametrisation of one optimisation. */
  @FunctionalInterface
  public interface Start {
    /**
     * @param vectors K
     * @param embeddingSize the width of a vector
     * @param embeddingStd the standard deviation of the model's token embeddings
     */
    Parametrisation create(
        int vectors, int embeddingSize, float embeddingStd, RandomGenerator random);
  }

  /** Which prefix of the text is trained on. */
  public enum Growth {
    /** All of it, from the first step. */
    WHOLE_TEXT,
    /** From one token on, one more each time the prefix is exact by teacher forcing. */
    PROGRESSIVE,
    /** What is exact and a share more, which falls while no more of it gets exact. */
    AHEAD,
    /** All of it, and as {@link #AHEAD} once that is stuck. */
    WHOLE_TEXT_FIRST
  }

  /** How the text comes out of the vectors. */
  public enum Reading {
    /** Each decoded token is fed back, as a causal model generates. */
    TOKEN_BY_TOKEN,
    /** All tokens are predicted in one pass over copies of the vectors, and none is fed back. */
    ONE_STEP
  }

  private static final double ADAM_BETA = 0.9;
  private static final double ADAM_EPS = 1e-8;

  /** The longer a vector, the smaller its gradient; it must stay far above this. */
  private static final double TINY_EPS = 1e-20;

  private static final double WEIGHT_DECAY = 0.01;

  /** How many times as large as a token embedding's an element of {@link #CRAM} starts. */
  private static final float LONG = 150;

  /** The cross-entropy of a start, in nats, above which a model's logits are steep. */
  private static final double STEEP = 1_000;

  /** Recipe A: Kuratov et al. 2025 ("Cramming 1568 Tokens"), with the defaults of their code. */
  public static final Recipe PAPER =
      new Recipe(
          "paper",
          Recipe::gaussian,
          Recipe::adamW,
          Schedule.constant(0.01),
          Growth.WHOLE_TEXT,
          Reading.TOKEN_BY_TOKEN,
          0,
          0,
          5_000,
          2_000);

  /** Recipe B: Tarasov et al. 2026 (Progressive Cramming), the vectors trained directly. */
  public static final Recipe PROGRESSIVE =
      new Recipe(
          "progressive",
          (vectors, embeddingSize, embeddingStd, random) -> {
            float[] parameters = new float[vectors * embeddingSize];
            for (int i = 0; i < parameters.length; i++) {
              parameters[i] = (float) random.nextDouble(0, 0.02);
            }
            return new DirectVectors(parameters);
          },
          Recipe::adamW,
          Schedule.cosine(0.1, 0.001, 100),
          Growth.PROGRESSIVE,
          Reading.TOKEN_BY_TOKEN,
          0,
          0,
          10_000,
          10_000);

  /** Recipe B with {@code mem = W z + b}, rank 32 for narrow models and 256 for others. */
  public static final Recipe PROGRESSIVE_LOWDIM =
      new Recipe(
          "progressive-lowdim",
          (vectors, embeddingSize, embeddingStd, random) ->
              new LowDimensional(vectors, embeddingSize, embeddingSize < 512 ? 32 : 256, random),
          Recipe::adamW,
          Schedule.cosine(0.1, 0.001, 100),
          Growth.PROGRESSIVE,
          Reading.TOKEN_BY_TOKEN,
          0,
          0,
          10_000,
          10_000);

  /**
   * The default: Adam on vectors that start {@value #LONG} times as long as token embeddings, in
   * steps of some 0.3 of an element, the whole text until that is stuck and then what is exact and
   * a share more, and targets that are wrong counting more from step to step. docs/method.md says
   * how it was found.
   */
  public static final Recipe CRAM =
      new Recipe(
          "cram",
          (vectors, embeddingSize, embeddingStd, random) ->
              new LongVectors(vectors, embeddingSize, LONG * embeddingStd, random),
          parameters -> new AdamW(parameters, ADAM_BETA, ADAM_BETA, TINY_EPS, 0)::step,
          Schedule.constant(0.3),
          Growth.WHOLE_TEXT_FIRST,
          Reading.TOKEN_BY_TOKEN,
          0.03,
          0,
          600,
          80);

  /**
   * {@link #CRAM} for texts of which a vector holds but the beginning: it looks for the longest
   * that it does hold, whatever comes after it, by training on little more than is held.
   */
  public static final Recipe CRAM_PREFIX =
      new Recipe(
          "cram-prefix",
          CRAM.start,
          CRAM.optimiser,
          CRAM.schedule,
          Growth.AHEAD,
          Reading.TOKEN_BY_TOKEN,
          CRAM.boost,
          0,
          1_000,
          CRAM.patience);

  /**
   * For models whose logits are steep in a vector and nearly linear, as those that
   * tools/build_reader.py makes (docs/model.md): L-BFGS from the same start, always on the whole
   * text. {@link #CRAM} goes over to it where the first step shows such a model. Logits are of up
   * to a hundred million there, and rounding moves some by a few; hence the margin.
   */
  public static final Recipe CRAM_STEEP =
      new Recipe(
          "cram-steep",
          CRAM.start,
          parameters -> new LimitedMemoryBfgs(),
          CRAM.schedule,
          Growth.WHOLE_TEXT,
          Reading.TOKEN_BY_TOKEN,
          0,
          9,
          400,
          12);

  /**
   * Mezentsev and Oseledets 2025: two proto-tokens, the second one repeated, from which all tokens
   * are predicted in one pass. A measure of capacity, not a way to compress: a container holds
   * vectors that are read token by token.
   */
  public static final Recipe ONE_STEP =
      new Recipe(
          "one-step",
          (rows, embeddingSize, embeddingStd, random) ->
              new ProtoTokens(rows, embeddingSize, embeddingStd, random),
          Recipe::adamW,
          Schedule.constant(0.01),
          Growth.WHOLE_TEXT,
          Reading.ONE_STEP,
          0,
          0,
          5_000,
          5_000);

  private static final List<Recipe> ALL =
      List.of(CRAM, CRAM_PREFIX, CRAM_STEEP, PAPER, PROGRESSIVE, PROGRESSIVE_LOWDIM, ONE_STEP);

  private static Optimiser adamW(int parameters) {
    return new AdamW(parameters, ADAM_BETA, ADAM_BETA, ADAM_EPS, WEIGHT_DECAY)::step;
  }

  private static Parametrisation gaussian(
      int vectors, int embeddingSize, float embeddingStd, RandomGenerator random) {
    return new DirectVectors(Gaussian.draw(vectors * embeddingSize, embeddingStd, random));
  }

  /**
   * Which version of a recipe this is: it rises when what a name stands for changes, so that
   * results of the old and the new one are not taken for each other.
   */
  public static int revision(String name) {
    return Map.of(
            CRAM.name, 7, CRAM_PREFIX.name, 4, PROGRESSIVE.name, 2, PROGRESSIVE_LOWDIM.name, 2)
        .getOrDefault(name, 1);
  }

  /**
   * What to go on with after the first step, from where that was.
   *
   * @param crossEntropy of the start, in nats a token
   */
  public Recipe after(double crossEntropy) {
    if (!name.equals(CRAM.name) || crossEntropy < STEEP) {
      return this;
    }
    return CRAM_STEEP.with(
        name,
        start,
        Math.min(maxSteps, CRAM_STEEP.maxSteps),
        Math.min(patience, CRAM_STEEP.patience));
  }

  /** The same recipe with another step budget. */
  public Recipe withMaxSteps(int maxSteps) {
    return with(name, start, maxSteps, Math.min(patience, maxSteps));
  }

  /**
   * The same recipe for vectors that are stored in few bits: what it searches is rounded to them.
   *
   * @param bits of an element, as {@link Grid#supports} says
   */
  public Recipe withVectorBits(int bits) {
    Start rounded =
        bits == Grid.FLOAT_BITS
            ? start
            : (vectors, embeddingSize, embeddingStd, random) ->
                new Rounded(
                    start.create(vectors, embeddingSize, embeddingStd, random),
                    vectors,
                    embeddingSize,
                    bits);
    return with(name, rounded, maxSteps, patience);
  }

  /** The same recipe with another patience. */
  public Recipe withPatience(int patience) {
    return with(name, start, maxSteps, patience);
  }

  private Recipe with(String name, Start start, int maxSteps, int patience) {
    return new Recipe(
        name, start, optimiser, schedule, growth, reading, boost, leastMargin, maxSteps, patience);
  }

  /** The names that {@link #named} knows. */
  public static List<String> names() {
    return ALL.stream().map(Recipe::name).toList();
  }

  /**
   * The names of those that {@code compress} knows, the default first: vectors that a file can
   * hold.
   */
  public static List<String> namesForFiles() {
    return ALL.stream()
        .filter(recipe -> recipe.reading == Reading.TOKEN_BY_TOKEN)
        .map(Recipe::name)
        .toList();
  }

  /**
   * Finds a recipe.
   *
   * @throws InputException if there is none of that name
   */
  public static Recipe named(String name) {
    return ALL.stream()
        .filter(recipe -> recipe.name.equals(name))
        .findFirst()
        .orElseThrow(() ->
            new InputException(
                "unknown recipe \"" + name + "\"; there are: " + String.join(", ", names())));
  }
}
