package dev.cram.lab.run;

import dev.cram.CramStep;
import dev.cram.Score;
import dev.cram.VectorSearch;
import dev.cram.lm.CausalLm;
import dev.cram.lm.GreedyDecoder;
import dev.cram.recipe.Objective;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Does runs on one model, one after another. Keeps the memory of a pass between them. One thread at
 * a time may use an instance; several instances may share the model.
 */
public final class Trial implements AutoCloseable {
  private final CausalLm lm;
  private final Workers workers;
  private final String machine;
  private final String software;
  private VectorSearch search;
  private RunKey searchedFor;
  private GreedyDecoder decoder;

  /**
   * @param workers compute the steps; not closed here
   * @param machine what results say about where they were made
   * @param software the version of Cram that results name
   */
  public Trial(CausalLm lm, Workers workers, String machine, String software) {
    this.lm = lm;
    this.workers = workers;
    this.machine = machine;
    this.software = software;
  }

  /**
   * Does a run: searches the vectors until the text is right by teacher forcing or the recipe gives
   * up, then decodes.
   *
   * @param progress hears of each step
   */
  public Run run(RunRequest request, Consumer<CramStep> progress) {
    RunKey key = request.key();
    var recorder = new Curve.Recorder();
    var best = new Best();
    Consumer<CramStep> listener =
        step -> {
          recorder.add(step);
          best.see(step);
          progress.accept(step);
        };
    Instant started = Instant.now();
    long begin = System.nanoTime();
    VectorSearch.Found found =
        search(request)
            .search(request.tokens(), key.vectors(), new SplittableRandom(key.seed()), listener);
    // Nothing is fed back, so teacher forcing is decoding; the rows after the second are its
    // copies.
    boolean oneStep = request.recipe().reading() == Recipe.Reading.ONE_STEP;
    double seconds = (System.nanoTime() - begin) / 1e9;
    return new Run(
        key,
        lm.embeddingSize(),
        lm.vocabularySize(),
        found.steps(),
        best.step,
        seconds,
        found.score().right(),
        request.correctWithout(),
        found.score().crossEntropy(),
        request.crossEntropyWithout(),
        oneStep ? found.score().exactPrefix() : horizon(request.tokens(), found.vectors()),
        Arrays.copyOfRange(found.margins(), 1, key.length()),
        oneStep ? Arrays.copyOf(found.vectors(), 2 * lm.embeddingSize()) : found.vectors(),
        recorder.curve(),
        started,
        machine,
        software);
  }

  private VectorSearch search(RunRequest request) {
    RunKey key = request.key();
    boolean sameRecipe =
        searchedFor != null
            && searchedFor.recipe().equals(key.recipe())
            && searchedFor.maxSteps() == key.maxSteps()
            && searchedFor.patience() == key.patience();
    if (!sameRecipe) {
      closeSearch();
      search =
          new VectorSearch(
              lm, workers, request.recipe(), Objective.GIVEN_FIRST, order(request.recipe()), 0f);
      searchedFor = key;
    }
    return search;
  }

  /** A recipe that grows a prefix is after the longest one, not after the most right tokens. */
  private static Comparator<Score> order(Recipe recipe) {
    return switch (recipe.growth()) {
      case WHOLE_TEXT, WHOLE_TEXT_FIRST -> Score.BY_ACCURACY;
      case PROGRESSIVE, AHEAD -> Score.BY_SECURE_PREFIX;
    };
  }

  /** Tokens that greedy decoding gives back before its first error, the given one included. */
  private int horizon(int[] tokens, float[] vectors) {
    int count = vectors.length / lm.embeddingSize();
    int rows = count + tokens.length - 1;
    if (decoder == null || decoder.maxRows() < rows) {
      closeDecoder();
      decoder = new GreedyDecoder(lm, rows, workers);
    }
    try (Arena arena = Arena.ofConfined()) {
      decoder.start(Matrix.of(arena, count, lm.embeddingSize(), vectors));
    }
    for (int right = 1; right < tokens.length; right++) {
      decoder.feed(tokens[right - 1]);
      if (decoder.next() != tokens[right]) {
        return right;
      }
    }
    return tokens.length;
  }

  /** The first step with the most tokens right. */
  private static final class Best {
    private int right = -1;
    private int step;

    void see(CramStep now) {
      int rightNow = (int) Math.round(now.accuracy() * (now.activeTokens() - 1));
      if (rightNow > right) {
        right = rightNow;
        step = now.step();
      }
    }
  }

  private void closeSearch() {
    if (search != null) {
      search.close();
      search = null;
    }
  }

  private void closeDecoder() {
    if (decoder != null) {
      decoder.close();
      decoder = null;
    }
  }

  /** Releases the memory. */
  @Override
  public void close() {
    closeSearch();
    closeDecoder();
  }
}
