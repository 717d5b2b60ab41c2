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
  private final CramListener listener;

  Segmenter(
      VectorSearch search,
      DecodingPath decodingPath,
      CompressOptions options,
      CramListener listener) {
    this.search = search;
    this.decodingPath = decodingPath;
    this.options = options;
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
      Segment segment = segment(Arrays.copyOfRange(tokens, at, at + length), firstToken + at);
      outcomes.add(new Outcome(segment, length));
      capacity =
          capacity.after(
              length, segment.tokenCount(), segment.steps(), options.recipe().maxSteps());
      at += segment.tokenCount();
    }
    return outcomes;
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
    Segment segment = decodingPath.verify(kept, found.vectors(), found.steps());
    listener.segmentFinished(firstToken, segment);
    return segment;
  }
}
