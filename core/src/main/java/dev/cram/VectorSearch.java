package dev.cram;

import dev.cram.lm.CausalLm;
import dev.cram.lm.GradientPass;
import dev.cram.recipe.Objective;
import dev.cram.recipe.Optimiser;
import dev.cram.recipe.Parametrisation;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.util.Comparator;
import java.util.random.RandomGenerator;

/**
 * Searches the vectors of one text after another by gradient descent.
 *
 * <p>Keeps the memory of a pass from one text to the next. One thread at a time may use an
 * instance.
 */
public final class VectorSearch implements AutoCloseable {
  /** Once a text is exact, the share of the steps so far that may still go into its margins. */
  private static final double MARGIN_SHARE = 0.25;

  private static final int MIN_MARGIN_STEPS = 20;

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
   * @param score of these vectors
   * @param steps how many steps were taken
   */
  public record Found(float[] vectors, Score score, int steps) {}

  /**
   * @param order what makes one step's vectors better than another's
   * @param marginGoal by how much a right token's logit should exceed every other one, in logits;
   *     the search ends when all do
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
    this.marginGoal = marginGoal;
  }

  /**
   * Searches vectors for a text until it is exact with secure margins, or the recipe gives up.
   *
   * @param tokens t_1 .. t_n, at least one
   * @param vectors K
   */
  public Found search(int[] tokens, int vectors, RandomGenerator random, CramListener listener) {
    int n = tokens.length;
    reserve(vectors + n - 1);
    pass.text(tokens, vectors);
    Parametrisation parametrisation =
        recipe.start().create(vectors, lm.embeddingSize(), lm.embeddingStd(), random);
    float[] parameters = parametrisation.parameters();
    float[] gradient = new float[parameters.length];
    Optimiser optimiser = recipe.optimiser().apply(parameters.length);
    float[] weights = new float[n];
    boolean[] correct = new boolean[n];
    float[] bestVectors = new float[vectors * lm.embeddingSize()];
    Score best = Score.NOTHING;
    Patience patience = new Patience(recipe.patience());
    int length = recipe.growth() == Recipe.Growth.PROGRESSIVE ? 1 : n;
    int lastStep = recipe.maxSteps();
    int step = 0;
    objective.weigh(length, weights);
    try (Arena arena = Arena.ofConfined()) {
      Matrix mem = Matrix.allocate(arena, vectors, lm.embeddingSize());
      Matrix dMem = Matrix.allocate(arena, vectors, lm.embeddingSize());
      while (step < lastStep) {
        parametrisation.vectors(mem);
        double loss = pass.run(mem, length, weights, dMem);
        step++;
        if (!Double.isFinite(loss)) {
          break;
        }
        Score score =
            Score.of(pass.margins(), pass.crossEntropies(), weights, length, marginGoal, correct);
        listener.stepped(report(score, step, length, correct));
        boolean wasExact = best.exactPrefix() == n;
        if (order.compare(score, best) > 0) {
          best = score;
          mem.copyTo(bestVectors);
        }
        if (best.securePrefix() == n || patience.isOver(score.accuracy() * length)) {
          break;
        }
        if (best.exactPrefix() == n && !wasExact) {
          int more = Math.max(MIN_MARGIN_STEPS, (int) (MARGIN_SHARE * step));
          lastStep = Math.min(lastStep, step + more);
        }
        parametrisation.backward(dMem, gradient);
        optimiser.step(
            parameters, gradient, recipe.schedule().learningRate(step - 1, recipe.maxSteps()));
        if (score.exactPrefix() == length && length < n) {
          length++;
          objective.weigh(length, weights);
        }
      }
    }
    return new Found(bestVectors, best, step);
  }

  private CramStep report(Score score, int step, int length, boolean[] correct) {
    return new CramStep(
        step,
        recipe.maxSteps(),
        score.crossEntropy(),
        score.accuracy(),
        score.exactPrefix(),
        score.minMargin(),
        length,
        correct,
        pass.margins());
  }

  private void reserve(int rows) {
    if (pass != null && pass.maxRows() >= rows) {
      return;
    }
    int roomier = pass == null ? rows : Math.max(rows, pass.maxRows() + pass.maxRows() / 2);
    close();
    pass = new GradientPass(lm, Math.max(rows, Math.min(roomier, lm.maxPositions())), workers);
  }

  /** Counts the steps without a better accuracy. */
  private static final class Patience {
    private final int limit;
    private double best = -1;
    private int waited;

    Patience(int limit) {
      this.limit = limit;
    }

    boolean isOver(double value) {
      waited = value > best ? 0 : waited + 1;
      best = Math.max(best, value);
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
