package dev.cram;

import dev.cram.container.Segment;
import dev.cram.lm.InputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Cuts a text into segments that its vectors hold exactly, without knowing beforehand how much that
 * is.
 *
 * <p>The estimate of what K vectors hold follows the outcome: it grows while segments become exact
 * quickly, and falls to the part that was exact when one does not. Such a part is not thrown away:
 * the vectors found hold that prefix, so the segment is cut there.
 */
final class Segmenter {
  /** Where the estimate starts, in tokens a vector. */
  private static final int FIRST_GUESS = 16;

  private static final double GROWTH_WHEN_QUICK = 1.3;
  private static final double GROWTH_WHEN_EXACT = 1.05;

  /** A segment is quick if it took less than this share of the steps that it was allowed. */
  private static final double QUICK = 0.15;

  /** An exact prefix shorter than this share of the segment is not worth its vectors. */
  private static final double WORTH_KEEPING = 0.5;

  private final VectorSearch search;
  private final DecodingPath decodingPath;
  private final CompressOptions options;
  private final int maxTokens;
  private final CramListener listener;
  private double capacity;
  private int segmentNumber;
  private int tokensBefore;

  /**
   * @param maxTokens the longest segment that the model has positions for
   */
  Segmenter(
      VectorSearch search,
      DecodingPath decodingPath,
      CompressOptions options,
      int maxTokens,
      CramListener listener) {
    if (maxTokens < 1) {
      throw new InputException(
          options.vectors()
              + " vectors leave no position for tokens: the model has "
              + (maxTokens + options.vectors() - 1)
              + " positions; use fewer");
    }
    this.search = search;
    this.decodingPath = decodingPath;
    this.options = options;
    this.maxTokens = maxTokens;
    this.listener = listener;
    capacity = (double) FIRST_GUESS * options.vectors();
  }

  /** Finds the segments of a run of tokens. */
  List<Segment> segments(int[] tokens) {
    List<Segment> segments = new ArrayList<>();
    int at = 0;
    while (at < tokens.length) {
      int length = Math.clamp((long) capacity, 1, Math.min(maxTokens, tokens.length - at));
      Segment segment = segment(Arrays.copyOfRange(tokens, at, at + length));
      segments.add(segment);
      at += segment.tokenCount();
      tokensBefore += segment.tokenCount();
      segmentNumber++;
    }
    return segments;
  }

  /** The vectors of a beginning of these tokens, as long as they hold. */
  private Segment segment(int[] wanted) {
    int[] tokens = wanted;
    int spent = 0;
    for (int attempt = 0; ; attempt++) {
      listener.segmentStarted(segmentNumber, tokensBefore, tokens, options.vectors());
      var random = new SplittableRandom(options.seed() * 31 + segmentNumber * 1009L + attempt);
      VectorSearch.Found found = search.search(tokens, options.vectors(), random, listener);
      spent += found.steps();
      int secure = found.score().securePrefix();
      boolean whole = found.score().exactPrefix() == tokens.length;
      if (whole || secure >= WORTH_KEEPING * tokens.length || tokens.length == 1) {
        learn(tokens.length, whole ? tokens.length : secure, found.steps());
        int[] kept = whole || secure == 0 ? tokens : Arrays.copyOf(tokens, secure);
        Segment segment = decodingPath.verify(kept, found.vectors(), spent);
        listener.segmentFinished(
            segmentNumber,
            segment.patches().isEmpty(),
            segment.patches().size(),
            segment.minMargin(),
            spent);
        return segment;
      }
      tokens = Arrays.copyOf(tokens, Math.max(1, tokens.length / 2));
      capacity = tokens.length;
    }
  }

  private void learn(int length, int held, int steps) {
    if (held < length) {
      capacity = Math.max(1, held);
    } else if (length >= (int) capacity) {
      // A step costs in proportion to the segment, so what a token costs is the number of steps.
      boolean quick = steps < QUICK * options.recipe().maxSteps();
      capacity =
          Math.max(capacity + 0.5, capacity * (quick ? GROWTH_WHEN_QUICK : GROWTH_WHEN_EXACT));
    }
  }
}
