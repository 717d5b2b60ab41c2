package dev.cram;

import dev.cram.container.CramFile;
import dev.cram.container.Section;
import dev.cram.container.Segment;
import dev.cram.lm.CausalLm;
import dev.cram.lm.InputException;
import dev.cram.lm.files.Sha256;
import dev.cram.tensor.Workers;
import dev.cram.text.RunText;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * Gives the bytes of one {@code .cram} file back, or a range of them, part by part: a part is a few
 * segments whose text can be told by itself, or raw bytes. Only some of the parts are in memory at
 * a time.
 */
final class Decompression {
  /** Tokens that are decoded before their text is written. */
  private static final int TOKENS_AT_ONCE = 1 << 16;

  /** More lost parts than these are counted only. */
  private static final int MOST_NAMED = 10;

  private final String name;
  private final CramFile file;
  private final CausalLm lm;
  private final Workers workers;
  private final RunText texts;
  private final CramListener listener;
  private final List<Restored.Lost> lost = new ArrayList<>();
  private int decodedTokens;

  Decompression(
      String name,
      CramFile file,
      CausalLm lm,
      Workers workers,
      RunText texts,
      CramListener listener) {
    this.name = name;
    this.file = file;
    this.lm = lm;
    this.workers = workers;
    this.texts = texts;
    this.listener = listener;
  }

  /**
   * Raw bytes, or segments whose text can be told by itself.
   *
   * @param from where it begins in the original, or the sum of what is known before
   * @param bytes how long it is; {@link Segment#UNKNOWN} in files of version 1
   * @param raw the bytes, or null
   * @param firstSegment of the file
   * @param segments none for raw bytes
   * @param first whether a run begins with it
   */
  private record Part(
      long from, int bytes, byte[] raw, int firstSegment, List<Segment> segments, boolean first) {
    int tokens() {
      return segments.stream().mapToInt(Segment::tokenCount).sum();
    }

    boolean touches(long begin, long end) {
      return from < end && from + bytes > begin;
    }
  }

  /**
   * Writes the bytes from {@code begin} to {@code end}.
   *
   * @param keepGoing whether parts that do not come back are replaced by a remark, rather than that
   *     it fails
   */
  Restored run(long begin, long end, boolean keepGoing, OutputStream out) throws IOException {
    // Without offsets nobody knows what a part touches before it is decoded.
    boolean offsets = file.hasOffsets();
    List<Part> parts =
        parts().stream().filter(part -> !offsets || part.touches(begin, end)).toList();
    int allTokens = parts.stream().mapToInt(Part::tokens).sum();
    Window window = new Window(out, begin, end, parts.isEmpty() ? 0 : parts.getFirst().from);
    boolean all = window.isWholeFile(file);
    DigestOutputStream hashed = new DigestOutputStream(window, Sha256.digest());
    for (int from = 0; from < parts.size(); ) {
      int to = from;
      for (int tokens = 0; to < parts.size() && (to == from || tokens < TOKENS_AT_ONCE); to++) {
        tokens += parts.get(to).tokens();
      }
      write(parts.subList(from, to), allTokens, keepGoing, window, hashed);
      from = to;
    }
    if (!lost.isEmpty() && !keepGoing) {
      throw new InputException(message());
    }
    String digest = Sha256.hex(hashed.getMessageDigest());
    if (all && lost.isEmpty() && !keepGoing) {
      file.checkRestored(name, window.seen, digest);
    }
    boolean isOriginal =
        lost.isEmpty()
            && (!all
                || (window.seen == file.originalBytes() && digest.equals(file.originalSha256())));
    return new Restored(window.written, lost, isOriginal);
  }

  private String message() {
    return name
        + ": of "
        + file.segments().size()
        + " segments did not decode to their text here: "
        + lost.stream()
            .limit(MOST_NAMED)
            .map(Restored.Lost::toString)
            .collect(Collectors.joining(", "))
        + (lost.size() > MOST_NAMED ? " and " + (lost.size() - MOST_NAMED) + " more" : "")
        + "; it was verified on: "
        + file.verified()
        + "; --keep-going writes the rest of the text";
  }

  private List<Part> parts() {
    List<Part> parts = new ArrayList<>();
    long at = 0;
    int segment = 0;
    for (Section section : file.sections()) {
      switch (section) {
        case Section.Raw raw -> {
          parts.add(new Part(at, raw.bytes().length, raw.bytes(), segment, List.of(), true));
          at += raw.bytes().length;
        }
        case Section.Run run -> {
          int first = 0;
          for (int i = 0; i < run.segments().size(); i++) {
            int bytes = run.segments().get(i).bytes();
            boolean last = i == run.segments().size() - 1;
            if (bytes > 0 || last) {
              List<Segment> own = run.segments().subList(first, i + 1);
              parts.add(new Part(at, bytes, null, segment + first, own, first == 0));
              at += Math.max(0, bytes);
              first = i + 1;
            }
          }
          segment += run.segments().size();
        }
      }
    }
    return parts;
  }

  /**
   * @param hashed hands what it gets on to the window
   */
  private void write(
      List<Part> parts, int allTokens, boolean keepGoing, Window window, OutputStream hashed)
      throws IOException {
    List<Segment> segments = parts.stream().flatMap(part -> part.segments.stream()).toList();
    int[][] decoded = decode(segments, allTokens, keepGoing);
    int segment = 0;
    for (Part part : parts) {
      if (part.raw != null) {
        hashed.write(part.raw);
        continue;
      }
      int[] tokens = new int[part.tokens()];
      int at = 0;
      boolean right = true;
      for (Segment own : part.segments) {
        int[] some = decoded[segment++];
        right &= own.isOf(some);
        System.arraycopy(some, 0, tokens, at, some.length);
        at += some.length;
      }
      byte[] text = right ? texts.of(tokens, part.first) : new byte[0];
      if (right && (part.bytes == Segment.UNKNOWN || text.length == part.bytes)) {
        hashed.write(text);
      } else {
        Restored.Lost gap =
            new Restored.Lost(part.firstSegment, part.segments.size(), part.from, part.bytes);
        lost.add(gap);
        if (keepGoing && part.bytes == Segment.UNKNOWN && !window.isWholeFile(file)) {
          throw new InputException(
              name
                  + ": "
                  + gap
                  + " did not decode, and the file (of version 1) does not say how long their text"
                  + " is, so where the range lies cannot be told; leave the range out");
        }
        window.skip(Math.max(0, part.bytes), keepGoing ? gap.remark() : "");
      }
    }
  }

  /** The tokens of each segment; none of one that cannot be decoded, where it keeps going. */
  private int[][] decode(List<Segment> segments, int allTokens, boolean keepGoing) {
    int[][] decoded = new int[segments.size()][];
    AtomicInteger next = new AtomicInteger();
    AtomicInteger tokens = new AtomicInteger(decodedTokens);
    Lanes<DecodingPath> lanes = new Lanes<>();
    CramListener shared = lanes.shared(listener);
    lanes.run(
        workers,
        segments.size(),
        team -> new DecodingPath(lm, team),
        () -> {
          int segment = next.getAndIncrement();
          return segment >= segments.size()
              ? null
              : path -> {
                Segment own = segments.get(segment);
                decoded[segment] = keepGoing && !isDecodable(own) ? new int[0] : path.decode(own);
                shared.decoded(tokens.addAndGet(decoded[segment].length), allTokens);
              };
        });
    decodedTokens = tokens.get();
    return decoded;
  }

  private boolean isDecodable(Segment segment) {
    return segment.vectorCount() + segment.tokenCount() - 1 <= lm.maxPositions()
        && segment.patches().stream().allMatch(patch -> patch.token() < lm.vocabularySize());
  }

  /** Lets pass what lies within a range. */
  private static final class Window extends OutputStream {
    private final OutputStream out;
    private final long begin;
    private final long end;
    private long at;
    private long seen;
    private long written;

    Window(OutputStream out, long begin, long end, long at) {
      this.out = out;
      this.begin = begin;
      this.end = end;
      this.at = at;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      int from = (int) Math.clamp(begin - at, 0, length);
      int to = (int) Math.clamp(end - at, from, length);
      out.write(bytes, offset + from, to - from);
      written += to - from;
      seen += length;
      at += length;
    }

    boolean isWholeFile(CramFile file) {
      return begin <= 0 && end >= file.originalBytes();
    }

    /** Leaves out bytes, and says so if they are within the range. */
    void skip(int bytes, String remark) throws IOException {
      if (at < end && at + Math.max(1, bytes) > begin) {
        byte[] instead = remark.getBytes(StandardCharsets.UTF_8);
        out.write(instead);
        written += instead.length;
      }
      at += bytes;
    }
  }
}
