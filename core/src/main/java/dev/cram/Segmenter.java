package dev.cram;

import dev.cram.container.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts stretches of a text into segments that their vectors hold exactly, without knowing
 * beforehand how much that is.
 *
 * <p>Vectors that hold only the beginning of their segment keep that; the next segment starts
 * there. One thread at a time may use an instance.
 */
final class Segmenter {
  private final VectorSearch search;
  private final DecodingPath decodingPath;
  private final CompressOptions options;
  private final Finished finished;
  private final Budget budget;
  private final CramListener listener;

  /**
   * @param finished keeps the segments that are done, and knows those that were done before
   * @param budget hears what segments cost; null where time does not matter
   */
  Segmenter(
      VectorSearch search,
      DecodingPath decodingPath,
      CompressOptions options,
      Finished finished,
      Budget budget,
      CramListener listener) {
    this.search = search;
    this.decodingPath = decodingPath;
    this.options = options;
    this.finished = finished;
    this.budget = budget;
    this.listener = listener;
  }

  /** A segment, and how many tokens it should have had. */
  record Outcome(Segment segment, int wanted) {}

  /**
   * Finds the segments of consecutive tokens.
   *
   * @param firstToken where they start in the text
   * @param capacity what earlier segments have shown
   * @param maxTokens the longest segment that the model has positions for
   */
  List<Outcome> segments(int[] tokens, int firstToken, Capacity capacity, int maxTokens) {
    List<Outcome> outcomes = new ArrayList<>();
    int at = 0;
    while (at < tokens.length) {
      int rest = tokens.length - at;
      // Equal parts of what is left, rather than a short one at the end.
      int length = Math.ceilDiv(rest, Math.ceilDiv(rest, capacity.length(maxTokens)));
      Segment segment = done(Arrays.copyOfRange(tokens, at, at + length), firstToken + at);
      if (segment == null) {
        long before = System.nanoTime();
        segment = segment(Arrays.copyOfRange(tokens, at, at + length), firstToken + at);
        if (budget != null) {
          budget.spent((System.nanoTime() - before) / 1e9, length, segment.tokenCount());
        }
        segment = finished.keep(firstToken + at, length, segment);
      }
      outcomes.add(new Outcome(segment, length));
      capacity =
          budget != null
              ? budget.capacity()
              : capacity.after(
                  length, segment.tokenCount(), segment.steps(), options.recipe().maxSteps());
      at += segment.tokenCount();
    }
    return outcomes;
  }

  /** The segment of a beginning of these tokens that an earlier process has found, or null. */
  private Segment done(int[] tokens, int firstToken) {
    Outcome outcome = finished.get(firstToken, budget == null ? tokens.length : 0);
    if (outcome == null
        || outcome.segment().tokenCount() > tokens.length
        || !outcome.segment().isOf(Arrays.copyOf(tokens, outcome.segment().tokenCount()))) {
      return null;
    }
    if (budget != null) {
      budget.wereThere(outcome.segment().tokenCount());
    }
    listener.segmentKept(firstToken, outcome.segment());
    return outcome.segment();
  }

  /** The vectors of a beginning of these tokens, as long as they hold. */
  private Segment segment(int[] tokens, int firstToken) {
    listener.segmentStarted(firstToken, tokens, options.vectors());
    VectorSearch.Found found =
        search.searchPrefix(
            tokens,
            options.vectors(),
            options.random(firstToken, 0),
            step -> listener.stepped(firstToken, step));
    int[] kept = Arrays.copyOf(tokens, Math.max(1, found.held()));
    Segment segment = decodingPath.verify(kept, found.vectors(), found.scales(), found.steps());
    listener.segmentFinished(firstToken, segment);
    return segment;
  }
}
