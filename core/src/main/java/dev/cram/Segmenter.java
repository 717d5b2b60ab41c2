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
  private final Surprisal surprisal;
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
      Surprisal surprisal,
      CompressOptions options,
      Finished finished,
      Budget budget,
      CramListener listener) {
    this.search = search;
    this.decodingPath = decodingPath;
    this.surprisal = surprisal;
    this.options = options;
    this.finished = finished;
    this.budget = budget;
    this.listener = listener;
  }

  /**
   * A segment, and what it should have been.
   *
   * @param wantedNats that it should have had
   * @param nats that it has
   */
  record Outcome(Segment segment, double wantedNats, double nats) {
    /** What is known of the capacity after this segment. */
    Capacity teach(Capacity before, CompressOptions options) {
      return before.after(
          wantedNats, nats, segment.tokenCount(), segment.steps(), options.recipe().maxSteps());
    }
  }

  /**
   * Finds the segments of consecutive tokens.
   *
   * @param firstToken where they start in the text
   * @param capacity what earlier segments have shown
   * @param maxTokens the longest segment that the model has positions for
   */
  List<Outcome> segments(int[] tokens, int firstToken, Capacity capacity, int maxTokens) {
    List<Outcome> outcomes = new ArrayList<>();
    double[] nats = surprisal.of(tokens);
    int at = 0;
    while (at < tokens.length) {
      int length = length(nats, at, capacity.nats(), maxTokens);
      double wantedNats = sum(nats, at, length);
      int[] wanted = Arrays.copyOfRange(tokens, at, at + length);
      Segment segment =
          budget == null
              ? done(wanted, firstToken + at, length)
              // How long it was to be depended on the time of then.
              : done(Arrays.copyOfRange(tokens, at, tokens.length), firstToken + at, 0);
      if (segment == null) {
        long before = System.nanoTime();
        segment = segment(wanted, firstToken + at);
        if (budget != null) {
          double seconds = (System.nanoTime() - before) / 1e9;
          int held = segment.tokenCount();
          budget.spent(seconds, wantedNats, sum(nats, at, held), held);
        }
        segment = finished.keep(firstToken + at, length, segment);
      } else if (budget != null) {
        budget.wasThere(segment.tokenCount(), sum(nats, at, segment.tokenCount()));
      }
      Outcome outcome = new Outcome(segment, wantedNats, sum(nats, at, segment.tokenCount()));
      outcomes.add(outcome);
      capacity = budget != null ? budget.capacity() : outcome.teach(capacity, options);
      at += segment.tokenCount();
    }
    return outcomes;
  }

  /** Equal parts of what is left, rather than a short one at the end. */
  private static int length(double[] nats, int at, double capacity, int maxTokens) {
    double left = sum(nats, at, nats.length - at);
    double part = left / Math.ceil(left / capacity);
    int length = 0;
    double sum = 0;
    // The last token is in if half of it is.
    while (at + length < nats.length && length < maxTokens && sum + nats[at + length] / 2 <= part) {
      sum += nats[at + length++];
    }
    return Math.max(1, length);
  }

  private static double sum(double[] nats, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += nats[i];
    }
    return sum;
  }

  /**
   * The segment of a beginning of these tokens that an earlier process has found, or null.
   *
   * @param wanted how many tokens it was to have, or 0 for any number
   */
  private Segment done(int[] tokens, int firstToken, int wanted) {
    Segment segment = finished.get(firstToken, wanted);
    if (segment == null
        || segment.tokenCount() > tokens.length
        || !segment.isOf(Arrays.copyOf(tokens, segment.tokenCount()))) {
      return null;
    }
    listener.segmentKept(firstToken, segment);
    return segment;
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
