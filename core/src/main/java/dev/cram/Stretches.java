package dev.cram;

import dev.cram.container.Section;
import dev.cram.text.Piece;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts a text into stretches that are segmented independently of each other, so that several can be
 * under way at once.
 *
 * <p>Where they are cut depends on the text alone, neither on how many are under way nor on which
 * ends first: stretch {@code i} starts from what the first {@code i / 2} of them have shown about
 * the capacity of vectors. So two can start at once, and each that ends lets two more start.
 *
 * <p>One thread at a time may use an instance; the stretches themselves may run in others.
 */
final class Stretches {
  /** Segments in a stretch: the more, the fewer are cut short at its end. */
  private static final int MOST_SEGMENTS = 4;

  /** Stretches get shorter from here on, so that all threads end at about the same time. */
  private static final int SEGMENTS_AT_END = 8;

  private final List<Piece> pieces;
  private final CompressOptions options;
  private final int maxTokens;
  private final List<Stretch> stretches = new ArrayList<>();

  /** {@code known.get(i)} is what the first i stretches have shown. */
  private final List<Capacity> known = new ArrayList<>();

  private int piece;
  private int at;
  private int handedOut;

  /**
   * @param pieces of one text
   * @param maxTokens the longest segment that the model has positions for
   */
  Stretches(List<Piece> pieces, CompressOptions options, int maxTokens) {
    this.pieces = pieces;
    this.options = options;
    this.maxTokens = maxTokens;
    known.add(Capacity.first(options.vectors()));
  }

  /** The tokens of all runs. */
  int tokenCount() {
    int count = 0;
    for (Piece any : pieces) {
      count += any instanceof Piece.TokenRun run ? run.tokens().length : 0;
    }
    return count;
  }

  /** About how many segments there will be, before any of them has shown what vectors hold. */
  int guessedSegments() {
    return Math.ceilDiv(tokenCount(), known.getFirst().length(maxTokens));
  }

  /** The next stretch, or null if it waits for an earlier one to end or there is none. */
  Stretch next() {
    while (piece < pieces.size()
        && !(pieces.get(piece) instanceof Piece.TokenRun run && at < run.tokens().length)) {
      piece++;
      at = 0;
    }
    if (piece == pieces.size() || !learn(stretches.size() / 2)) {
      return null;
    }
    int[] tokens = ((Piece.TokenRun) pieces.get(piece)).tokens();
    Capacity capacity = known.get(stretches.size() / 2);
    int length = length(tokens.length - at, capacity.length(maxTokens));
    Stretch next =
        new Stretch(piece, handedOut, Arrays.copyOfRange(tokens, at, at + length), capacity);
    stretches.add(next);
    at += length;
    handedOut += length;
    return next;
  }

  /** The tokens of a stretch, so that those of the rest of its run can be equally long. */
  private int length(int restOfRun, int capacity) {
    int segments =
        Math.clamp((tokenCount() - handedOut) / (SEGMENTS_AT_END * capacity), 1, MOST_SEGMENTS);
    return Math.ceilDiv(restOfRun, Math.ceilDiv(restOfRun, segments * capacity));
  }

  /** Takes in what the first {@code count} stretches have shown, once all of them have ended. */
  private boolean learn(int count) {
    while (known.size() <= count) {
      List<Segmenter.Outcome> outcomes = stretches.get(known.size() - 1).outcomes;
      if (outcomes == null) {
        return false;
      }
      Capacity capacity = known.getLast();
      for (Segmenter.Outcome outcome : outcomes) {
        capacity =
            capacity.after(
                outcome.wanted(),
                outcome.segment().tokenCount(),
                outcome.segment().steps(),
                options.recipe().maxSteps());
      }
      known.add(capacity);
    }
    return true;
  }

  /** The sections of the text, when all stretches have ended. */
  List<Section> sections() {
    List<Section> sections = new ArrayList<>();
    for (int i = 0; i < pieces.size(); i++) {
      int own = i;
      sections.add(
          switch (pieces.get(i)) {
            case Piece.RawBytes raw -> new Section.Raw(raw.bytes());
            case Piece.TokenRun run ->
                new Section.Run(
                    stretches.stream()
                        .filter(stretch -> stretch.piece == own)
                        .flatMap(stretch -> stretch.outcomes.stream())
                        .map(Segmenter.Outcome::segment)
                        .toList());
          });
    }
    return sections;
  }

  /** Consecutive tokens of one run. */
  final class Stretch {
    private final int piece;
    private final int firstToken;
    private final int[] tokens;
    private final Capacity capacity;
    private volatile List<Segmenter.Outcome> outcomes;

    private Stretch(int piece, int firstToken, int[] tokens, Capacity capacity) {
      this.piece = piece;
      this.firstToken = firstToken;
      this.tokens = tokens;
      this.capacity = capacity;
    }

    /** Finds its segments. */
    void run(Segmenter segmenter) {
      outcomes = segmenter.segments(tokens, firstToken, capacity, maxTokens);
    }
  }
}
