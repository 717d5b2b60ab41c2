package dev.cram;

import dev.cram.container.Section;
import dev.cram.container.Segment;
import dev.cram.lm.InputException;
import dev.cram.text.Piece;
import dev.cram.text.RunText;
import dev.cram.text.TextBlocks;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts a text into stretches that are segmented independently of each other, so that several can be
 * under way at once.
 *
 * <p>Where they are cut depends on the text alone, neither on how many are under way nor on which
 * ends first: stretch {@code i} starts from what the first {@code i / 2} of them have shown about
 * the capacity of vectors. So two can start at once, and each that ends lets two more start. With a
 * time budget it depends on the time too.
 *
 * <p>Of the text, only one block is in memory. One thread at a time may use an instance; the
 * stretches themselves may run in others.
 */
final class Stretches {
  private static final int MOST_RAW = Integer.MAX_VALUE - 8;

  /** Segments in a stretch: the more, the fewer are cut short at its end. */
  private static final int MOST_SEGMENTS = 4;

  /** Stretches get shorter from here on, so that all threads end at about the same time. */
  private static final int SEGMENTS_AT_END = 8;

  private final TextBlocks text;
  private final CompressOptions options;
  private final int maxTokens;
  private final Finished finished;
  private final Budget budget;
  private final List<Stretch> stretches = new ArrayList<>();

  /** {@code known.get(i)} is what the first i stretches have shown. */
  private final List<Capacity> known = new ArrayList<>();

  private int block;
  private int piece;
  private int at;
  private int handedOut;

  /**
   * @param maxTokens the longest segment that the model has positions for
   * @param first what is supposed of the first segments
   * @param finished keeps the segments that are done, and knows those that were done before
   * @param budget what the time allows, or null where time does not matter
   */
  Stretches(
      TextBlocks text,
      CompressOptions options,
      int maxTokens,
      Capacity first,
      Finished finished,
      Budget budget) {
    this.text = text;
    this.options = options;
    this.maxTokens = maxTokens;
    this.finished = finished;
    this.budget = budget;
    known.add(first);
  }

  /** The tokens of all runs. */
  int tokenCount() {
    return text.tokenCount();
  }

  /** About how many segments there will be, before any of them has shown what vectors hold. */
  int guessedSegments() {
    return Math.ceilDiv(tokenCount(), known.getFirst().tokens(maxTokens));
  }

  /** The next stretch, or null if it waits for an earlier one to end or there is none. */
  Stretch next() {
    Piece.TokenRun run = run();
    if (run == null) {
      return null;
    }
    int[] tokens = run.tokens();
    int length = finished.stretch(handedOut);
    Capacity capacity;
    if (budget != null) {
      if (length == 0 && budget.isOver()) {
        return null;
      }
      capacity = budget.capacity();
    } else if (learn(stretches.size() / 2)) {
      capacity = known.get(stretches.size() / 2);
    } else {
      return null;
    }
    if (length < 1 || length > tokens.length - at) {
      length = length(tokens.length - at, capacity.tokens(maxTokens));
    }
    if (budget != null) {
      finished.keepStretch(handedOut, length);
    }
    Stretch next =
        new Stretch(block, piece, handedOut, Arrays.copyOfRange(tokens, at, at + length), capacity);
    stretches.add(next);
    at += length;
    handedOut += length;
    return next;
  }

  /** The run at which the next stretch begins, or null at the end of the text. */
  private Piece.TokenRun run() {
    while (block < text.count()) {
      List<Piece> pieces = text.pieces(block);
      if (piece == pieces.size()) {
        block++;
        piece = 0;
      } else if (pieces.get(piece) instanceof Piece.TokenRun run && at < run.tokens().length) {
        return run;
      } else {
        piece++;
        at = 0;
      }
    }
    return null;
  }

  /** The tokens of a stretch, so that those of the rest of its run can be equally long. */
  private int length(int restOfRun, int capacity) {
    int segments =
        budget != null
            ? budget.segments(MOST_SEGMENTS)
            : Math.clamp(
                (tokenCount() - handedOut) / (SEGMENTS_AT_END * capacity), 1, MOST_SEGMENTS);
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
        capacity = outcome.teach(capacity, options);
      }
      known.add(capacity);
    }
    return true;
  }

  /**
   * The sections of the text, when all stretches have ended; what no stretch came to is raw.
   *
   * @param cuts finds where the text can be cut
   */
  List<Section> sections(RunText cuts) {
    List<Section> sections = new ArrayList<>();
    ByteArrayOutputStream raw = new ByteArrayOutputStream();
    int stretch = 0;
    for (int i = 0; i < text.count(); i++) {
      List<Piece> pieces = text.pieces(i);
      for (int j = 0; j < pieces.size(); j++) {
        switch (pieces.get(j)) {
          case Piece.RawBytes bytes -> keep(raw, bytes.bytes(), 0);
          case Piece.TokenRun run -> {
            List<Segment> segments = new ArrayList<>();
            for (; stretch < stretches.size() && stretches.get(stretch).is(i, j); stretch++) {
              stretches.get(stretch).outcomes.forEach(outcome -> segments.add(outcome.segment()));
            }
            List<Segment> cut = cut(run.tokens(), segments, cuts);
            if (!cut.isEmpty()) {
              flush(raw, sections);
              sections.add(new Section.Run(cut));
            }
            byte[] all = cuts.of(run.tokens(), true);
            int held = cut.stream().mapToInt(Segment::bytes).sum();
            keep(raw, all, held);
          }
        }
      }
    }
    flush(raw, sections);
    return sections;
  }

  /** Adds to what is kept as it is. */
  private static void keep(ByteArrayOutputStream raw, byte[] bytes, int from) {
    int count = bytes.length - from;
    if (count > MOST_RAW - raw.size()) {
      throw new InputException(
          "more than 2 GiB would be kept as they are, which no .cram file holds; give it more time,"
              + " or cut the file in pieces");
    }
    raw.write(bytes, from, count);
  }

  private static void flush(ByteArrayOutputStream raw, List<Section> sections) {
    if (raw.size() > 0) {
      sections.add(new Section.Raw(raw.toByteArray()));
      raw.reset();
    }
  }

  /**
   * The segments of the beginning of a run, with the bytes that end with each. Where they are not
   * all of it, some of the last may have to go, so that the text can be cut behind them.
   */
  private static List<Segment> cut(int[] tokens, List<Segment> segments, RunText cuts) {
    int[] lengths = segments.stream().mapToInt(Segment::tokenCount).toArray();
    int held = Arrays.stream(lengths).sum();
    int count = segments.size();
    if (held < tokens.length) {
      lengths = Arrays.copyOf(lengths, count + 1);
      lengths[count] = tokens.length - held;
    }
    int[] bytes = cuts.bytes(tokens, lengths);
    while (count > 0 && bytes[count - 1] == 0) {
      count--;
    }
    List<Segment> cut = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      cut.add(segments.get(i).withBytes(bytes[i]));
    }
    return cut;
  }

  /** Consecutive tokens of one run. */
  final class Stretch {
    private final int block;
    private final int piece;
    private final int firstToken;
    private final Capacity capacity;
    private int[] tokens;
    private volatile List<Segmenter.Outcome> outcomes;

    private Stretch(int block, int piece, int firstToken, int[] tokens, Capacity capacity) {
      this.block = block;
      this.piece = piece;
      this.firstToken = firstToken;
      this.tokens = tokens;
      this.capacity = capacity;
    }

    private boolean is(int block, int piece) {
      return this.block == block && this.piece == piece;
    }

    /** Finds its segments. */
    void run(Segmenter segmenter) {
      outcomes = segmenter.segments(tokens, firstToken, capacity, maxTokens);
      tokens = null;
    }
  }
}
