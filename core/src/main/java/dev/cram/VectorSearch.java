package dev.cram;

import dev.cram.lm.CausalLm;
import dev.cram.lm.GradientPass;
import dev.cram.recipe.Objective;
import dev.cram.recipe.Optimiser;
import dev.cram.recipe.Parametrisation;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Comparator;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Searches the vectors of one text after another by gradient descent.
 *
 * <p>Keeps the memory of a pass from one text to the next. One thread at a time may use an
 * instance.
 */
public final class VectorSearch implements AutoCloseable {
  /** Once a text is exact, the share of the steps so far that may still go into its margins. */
  private static final double MARGIN_SHARE = 0.5;

  private static final int MIN_MARGIN_STEPS = 50;

  /** A target's weight never falls below this share of an equal one. */
  private static final float LEAST_WEIGHT = 0.01f;

  /**
   * The steps, for each vector, after which the first try with a whole text shows whether it leads
   * anywhere, and the accuracy that it then has if it does: see docs/method.md, "The whole text
   * first".
   */
  private static final int TRIAL_STEPS = 30;

  private static final double PROMISING = 0.45;

  /** An accuracy below which it is then rather the start that is bad than the text too long. */
  private static final double HOPELESS = 0.2;

  /**
   * By how many logits a token should win in bfloat16 at least: what a row gives is rounded
   * otherwise among others, where it is searched, than alone, where it is decoded (docs/method.md,
   * "bfloat16").
   */
  private static final float BF16_MARGIN = 0.2f;

  /** A text that is not held is tried again with at most this share of its tokens. */
  private static final double SHORTER = 0.75;

  /** A prefix of this share of the text is kept rather than to search on for a longer one. */
  private static final double WORTH_KEEPING = 0.67;

  private final CausalLm lm;
  private final Workers workers;
  private final Recipe recipe;
  private final Objective objective;
  private final Comparator<Score> order;
  private final float marginGoal;
  private GradientPass pass;

  /**
   * What a search found.
   *
   * @param vectors {@code [K, embeddingSize]}, the best of all steps
   * @param scales of these vectors where they are rounded, else none
   * @param margins of the tokens with these vectors, by teacher forcing, in logits, {@code [n]}; of
   *     what was wanted last
   * @param score of these vectors
   * @param steps how many steps were taken
   * @param held leading tokens that the vectors hold: all that were wanted last if all are right,
   *     else those before the first that does not win by the margin goal
   */
  public record Found(
      float[] vectors, float[] scales, float[] margins, Score score, int steps, int held) {}

  /**
   * @param order what makes one step's vectors better than another's
   * @param marginGoal by how much a right token's logit should exceed every other one, in logits;
   *     the search ends when all do; the recipe may ask for more, and so does bfloat16 ({@value
   *     #BF16_MARGIN}) of one that looks at margins
   */
  public VectorSearch(
      CausalLm lm,
      Workers workers,
      Recipe recipe,
      Objective objective,
      Comparator<Score> order,
      float marginGoal) {
    this.lm = lm;
    this.workers = workers;
    this.recipe = recipe;
    this.objective = objective;
    this.order = order;
    boolean rounds = recipe.boost() > 0 && lm.precision() == Precision.BF16;
    this.marginGoal = Math.max(rounds ? BF16_MARGIN : 0, marginGoal);
  }

  /**
   * Searches vectors for a text until it is exact with secure margins, or the recipe gives up.
   *
   * @param tokens t_1 .. t_n, at least one
   * @param vectors K
   * @param listener hears of each step
   */
  public Found search(
      int[] tokens, int vectors, RandomGenerator random, Consumer<CramStep> listener) {
    reserve(vectors + tokens.length - 1);
    try (Descent descent = new Descent(tokens, vectors, random, listener)) {
      descent.run(tokens.length, 1);
      return descent.found();
    }
  }

  /**
   * Whether the recipe would go on as for a model whose logits are steep in a vector.
   *
   * @param tokens some of a text, at least one
   * @param vectors K
   */
  boolean isSteep(int[] tokens, int vectors, RandomGenerator random) {
    if (recipe.after(Double.POSITIVE_INFINITY) == recipe) {
      return false;
    }
    reserve(vectors + tokens.length - 1);
    try (Descent descent = new Descent(tokens, vectors, random, step -> {})) {
      return recipe.after(descent.firstCrossEntropy(tokens.length)) != recipe;
    }
  }

  /**
   * Searches vectors for as much of the beginning of a text as they hold. Where the recipe gives
   * up, the end of the text is dropped and the search goes on from where it is, which takes far
   * fewer steps than to start anew.
   *
   * @param tokens t_1 .. t_n, at least one
   * @param vectors K
   * @param listener hears of each step
   */
  public Found searchPrefix(
      int[] tokens, int vectors, RandomGenerator random, Consumer<CramStep> listener) {
    reserve(vectors + tokens.length - 1);
    try (Descent descent = new Descent(tokens, vectors, random, listener)) {
      descent.run(tokens.length, WORTH_KEEPING);
      while (!descent.isWorthKeeping()) {
        descent.run(descent.shorter(), WORTH_KEEPING);
      }
      return descent.found();
    }
  }

  /** One way down: the parameters of one text, and the best vectors on it. */
  private final class Descent implements AutoCloseable {
    private final RandomGenerator random;
    private final Consumer<CramStep> listener;
    private final float[] gradient;
    private final float[] weights;
    private final boolean[] correct;
    private final float[] bestVectors;
    private final float[] bestMargins;
    private final float[] bestScales;
    private final Arena arena = Arena.ofConfined();
    private final Matrix mem;
    private final Matrix dMem;
    private Recipe recipe;
    private float marginGoal;
    private Parametrisation parametrisation;
    private Optimiser optimiser;
    private boolean startedAgain;

    /** How many leading tokens shall be held. */
    private int goal;

    private Score best;
    private double bestAccuracy;
    private int step;
    private boolean diverged;

    Descent(int[] tokens, int vectors, RandomGenerator random, Consumer<CramStep> listener) {
      this.random = random;
      this.listener = listener;
      follow(VectorSearch.this.recipe);
      if (recipe.reading() == Recipe.Reading.ONE_STEP) {
        pass.oneStep(tokens);
        vectors = tokens.length;
      } else {
        pass.text(tokens, vectors);
      }
      start(vectors);
      gradient = new float[parametrisation.parameters().length];
      weights = new float[tokens.length];
      correct = new boolean[tokens.length];
      bestVectors = new float[vectors * lm.embeddingSize()];
      bestMargins = new float[tokens.length];
      bestScales = parametrisation.scales().clone();
      mem = Matrix.allocate(arena, vectors, lm.embeddingSize());
      dMem = Matrix.allocate(arena, vectors, lm.embeddingSize());
    }

    private void follow(Recipe recipe) {
      this.recipe = recipe;
      marginGoal = Math.max(recipe.leastMargin(), VectorSearch.this.marginGoal);
    }

    private void start(int vectors) {
      parametrisation =
          recipe.start().create(vectors, lm.embeddingSize(), lm.embeddingStd(), random);
      optimiser = recipe.optimiser().apply(parametrisation.parameters().length);
    }

    double firstCrossEntropy(int length) {
      objective.weigh(length, weights);
      parametrisation.vectors(mem);
      return pass.run(mem, length, weights, null);
    }

    /**
     * Goes on until the first {@code goal} tokens are held, or the recipe gives up.
     *
     * @param enough the share of them that is kept, should the search be stuck, rather than to try
     *     on with less of the text
     */
    void run(int goal, double enough) {
      this.goal = goal;
      best = Score.NOTHING;
      bestAccuracy = 0;
      TrainedPrefix prefix = new TrainedPrefix(recipe.growth(), goal);
      Patience patience = patience(prefix);
      int length = prefix.length();
      int before = step;
      int maxStep = before + recipe.maxSteps();
      int lastStep = maxStep;
      objective.weigh(length, weights);
      optimiser.objectiveChanged();
      while (step < lastStep) {
        parametrisation.vectors(mem);
        double loss = pass.run(mem, length, weights, dMem);
        if (step == 0 && recipe.after(loss) != recipe) {
          follow(recipe.after(loss));
          optimiser = recipe.optimiser().apply(parametrisation.parameters().length);
          prefix = new TrainedPrefix(recipe.growth(), goal);
          patience = patience(prefix);
          maxStep = recipe.maxSteps();
          lastStep = maxStep;
        }
        step++;
        if (!Double.isFinite(loss)) {
          diverged = true;
          return;
        }
        Score score =
            Score.of(pass.margins(), pass.crossEntropies(), weights, length, marginGoal, correct);
        listener.accept(report(score, step, maxStep, length, correct, mem));
        boolean wasExact = best.exactPrefix() == goal;
        if (order.compare(score, best) > 0) {
          best = score;
          mem.copyTo(bestVectors);
          System.arraycopy(pass.margins(), 0, bestMargins, 0, length);
          System.arraycopy(parametrisation.scales(), 0, bestScales, 0, bestScales.length);
        }
        bestAccuracy = Math.max(bestAccuracy, score.accuracy());
        if (best.securePrefix() == goal) {
          return;
        }
        prefix.stepped(score.exactPrefix());
        boolean stuck = patience.isOver(score.accuracy() * length, shortfall(length));
        boolean triesOn = prefix.canShrink() && best.securePrefix() < enough * goal;
        if (stuck && !triesOn) {
          return;
        }
        boolean unpromising =
            prefix.isFirstTry()
                && step - before == TRIAL_STEPS * mem.rows()
                && bestAccuracy < PROMISING;
        boolean isTimeForAnother = lastStep - step > TRIAL_STEPS * mem.rows();
        if (unpromising && bestAccuracy < HOPELESS && isTimeForAnother && !startedAgain) {
          startedAgain = true;
          start(mem.rows());
          prefix = new TrainedPrefix(recipe.growth(), goal);
          objective.weigh(length, weights);
          patience = patience(prefix);
          before = step;
          bestAccuracy = 0;
          continue;
        }
        if (triesOn && (stuck || unpromising || prefix.isTooLong())) {
          prefix.shrink();
          patience = patience(prefix);
        }
        if (best.exactPrefix() == goal && !wasExact) {
          int more = Math.max(MIN_MARGIN_STEPS, (int) (MARGIN_SHARE * (step - before)));
          lastStep = Math.min(lastStep, step + more);
        }
        parametrisation.backward(dMem, gradient);
        optimiser.step(
            parametrisation.parameters(),
            gradient,
            recipe.schedule().learningRate(step - before - 1, recipe.maxSteps()));
        boost(length);
        if (prefix.length() != length) {
          resize(length, prefix.length());
          optimiser.objectiveChanged();
          length = prefix.length();
        }
      }
    }

    private Patience patience(TrainedPrefix prefix) {
      return new Patience(
          prefix.isFirstTry() ? recipe.patience() / 2 * mem.rows() : recipe.patience());
    }

    /**
     * Lets targets that do not win by the margin goal count more from step to step, as boosting
     * does with examples: otherwise the many that are right outvote the last that is not.
     */
    private void boost(int length) {
      if (recipe.boost() == 0) {
        return;
      }
      float[] margins = pass.margins();
      float least = LEAST_WEIGHT / length;
      for (int i = 0; i < length; i++) {
        if (weights[i] > 0) {
          float grown = margins[i] < marginGoal ? (float) (1 + recipe.boost()) : 1;
          weights[i] = Math.max(least, weights[i] * grown);
        }
      }
      normalise(length);
    }

    /** Makes the weights sum to one. */
    private void normalise(int length) {
      float sum = 0;
      for (int i = 0; i < length; i++) {
        sum += weights[i];
      }
      for (int i = 0; i < length; i++) {
        weights[i] /= sum;
      }
    }

    /**
     * By how much all targets together miss the margin goal, in logits; a recipe that does not look
     * at margins is not judged by them.
     */
    private double shortfall(int length) {
      if (recipe.boost() == 0 && recipe.leastMargin() == 0) {
        return Double.POSITIVE_INFINITY;
      }
      double sum = 0;
      for (int i = 0; i < length; i++) {
        if (weights[i] > 0) {
          sum += Math.max(0, marginGoal - pass.margins()[i]);
        }
      }
      return sum;
    }

    /** Weighs another prefix, in which what has been boosted stays so. */
    private void resize(int from, int to) {
      float[] old = Arrays.copyOf(weights, from);
      objective.weigh(to, weights);
      if (recipe.boost() == 0) {
        return;
      }
      int targets = 0;
      for (float weight : old) {
        targets += weight > 0 ? 1 : 0;
      }
      for (int i = 0; i < Math.min(from, to); i++) {
        weights[i] *= old[i] * targets;
      }
      normalise(to);
    }

    /** Whether a shorter text would not be held better than this one is. */
    boolean isWorthKeeping() {
      return goal == 1
          || recipe.growth() != Recipe.Growth.WHOLE_TEXT
          || diverged
          || best.exactPrefix() == goal
          || best.securePrefix() >= WORTH_KEEPING * goal;
    }

    /** What may be held of the text, judging by how many tokens came out right. */
    int shorter() {
      int right = (int) Math.round(bestAccuracy * goal);
      return Math.clamp(right, 1, Math.max(1, (int) (SHORTER * goal)));
    }

    Found found() {
      if (recipe.growth() != Recipe.Growth.WHOLE_TEXT && !diverged) {
        assess();
      }
      int held = best.exactPrefix() == goal ? goal : best.securePrefix();
      return new Found(bestVectors, bestScales, bestMargins, best, step, held);
    }

    /** Scores the best vectors on all that was wanted, of which they may know a prefix alone. */
    private void assess() {
      mem.copyFrom(bestVectors);
      objective.weigh(goal, weights);
      pass.run(mem, goal, weights, null);
      best = Score.of(pass.margins(), pass.crossEntropies(), weights, goal, marginGoal, correct);
      System.arraycopy(pass.margins(), 0, bestMargins, 0, goal);
    }

    @Override
    public void close() {
      arena.close();
    }
  }

  private CramStep report(
      Score score, int step, int maxStep, int length, boolean[] correct, Matrix mem) {
    return new CramStep(
        step,
        maxStep,
        score.crossEntropy(),
        score.accuracy(),
        score.exactPrefix(),
        score.minMargin(),
        length,
        correct,
        pass.margins(),
        mem);
  }

  private void reserve(int rows) {
    if (pass != null && pass.maxRows() >= rows) {
      return;
    }
    int roomier = pass == null ? rows : Math.max(rows, pass.maxRows() + pass.maxRows() / 2);
    close();
    pass = new GradientPass(lm, Math.max(rows, Math.min(roomier, lm.maxPositions())), workers);
  }

  /**
   * Counts the steps that brought neither another right token nor wrong ones clearly nearer to it:
   * a last token can be on its way for a hundred steps.
   */
  private static final class Patience {
    private static final double CLEARLY = 0.98;

    private final int limit;
    private double mostRight = -1;
    private double leastShortfall = Double.POSITIVE_INFINITY;
    private int waited;

    Patience(int limit) {
      this.limit = limit;
    }

    boolean isOver(double right, double shortfall) {
      waited++;
      if (right > mostRight) {
        mostRight = right;
        waited = 0;
      }
      if (shortfall < CLEARLY * leastShortfall) {
        leastShortfall = shortfall;
        waited = 0;
      }
      return waited >= limit;
    }
  }

  /** Releases the memory of the pass. */
  @Override
  public void close() {
    if (pass != null) {
      pass.close();
      pass = null;
    }
  }
}
