package dev.cram.app.serve;

import dev.cram.CramListener;
import dev.cram.CramStep;
import dev.cram.container.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * How far a text is crammed: hears of every step, and keeps no more of it than the page shows.
 *
 * <p>Hearing takes a few microseconds, whoever looks on; what is to be shown is put together by
 * those who look.
 */
final class Progress implements CramListener {
  private static final long PATH_NANOS = 4_000_000L;

  private static final int LEAST_PLACES = 3;

  /** A segment that is being crammed. */
  private static final class UnderWay {
    private final int firstToken;
    private final int tokens;
    private final int vectors;
    private final long started;
    private int step;
    private int maxSteps;
    private int active;
    private int right;
    private int exactPrefix;
    private double loss;
    private double accuracy;
    private float minMargin;

    UnderWay(int firstToken, int tokens, int vectors, long started) {
      this.firstToken = firstToken;
      this.tokens = tokens;
      this.vectors = vectors;
      this.started = started;
    }
  }

  /**
   * A segment as the page shows it.
   *
   * @param at its first token in the text
   * @param margin the smallest on the decoding path, in logits, if it is settled
   * @param settled whether it is, rather than under way
   */
  record SegmentView(
      int at,
      int tokens,
      int vectors,
      int steps,
      int maxSteps,
      float margin,
      int patches,
      boolean settled) {}

  private final Tokens text;
  private final double bound;
  private final LongSupplier nanoTime;
  private final byte[] levels;
  private final BitSet changed = new BitSet();
  private final NavigableMap<Integer, UnderWay> underWay = new TreeMap<>();
  private final List<SegmentView> settled = new ArrayList<>();
  private final Curve curve = new Curve();
  private final long started;
  private VectorPath path = new VectorPath(PATH_NANOS);
  private PathView before;
  private int watched = -1;
  private int settledTokens;
  private int settledVectors;
  private long steps;
  private long pausedNanos;
  private long pausedSince;
  private long ended;

  /**
   * @param bound tokens that one vector can hold at most
   * @param nanoTime the clock, {@link System#nanoTime} but in tests
   */
  Progress(Tokens text, double bound, LongSupplier nanoTime) {
    this.text = text;
    this.bound = bound;
    this.nanoTime = nanoTime;
    this.levels = new byte[text.count()];
    Arrays.fill(levels, Levels.UNTOUCHED);
    this.started = nanoTime.getAsLong();
  }

  @Override
  public synchronized void segmentStarted(int firstToken, int[] tokens, int vectors) {
    underWay.put(firstToken, new UnderWay(firstToken, tokens.length, vectors, now()));
    set(firstToken, firstToken + tokens.length, Levels.WAITING);
    if (!underWay.containsKey(watched)) {
      watch(underWay.firstKey());
    }
  }

  /** Looks at a segment; the path of the one before is shown until there is one of this. */
  private void watch(int segment) {
    if (path.size() >= LEAST_PLACES) {
      before = pathView();
    }
    watched = segment;
    path = new VectorPath(PATH_NANOS);
  }

  @Override
  public synchronized void stepped(int firstToken, CramStep step) {
    UnderWay segment = underWay.get(firstToken);
    if (segment == null) {
      return;
    }
    int right = 0;
    for (int i = 0; i < step.activeTokens(); i++) {
      right += step.correct()[i] ? 1 : 0;
      set(firstToken + i, Levels.of(step.correct()[i], step.margins()[i]));
    }
    // The end of a segment may have been dropped.
    set(firstToken + step.activeTokens(), firstToken + segment.tokens, Levels.WAITING);
    steps++;
    segment.step = step.step();
    segment.maxSteps = step.maxSteps();
    segment.active = step.activeTokens();
    segment.right = right;
    segment.exactPrefix = step.exactPrefix();
    segment.loss = step.crossEntropy();
    segment.accuracy = step.accuracy();
    segment.minMargin = step.minMargin();
    long now = nanoTime.getAsLong();
    if (curve.wants(now)) {
      Sums sums = sums();
      curve.add(now, steps, sums.loss, sums.accuracy, sums.share);
    }
    if (firstToken == watched && step.vectors() != null && path.wants(now)) {
      path.add(step.vectors().toArray(), now);
    }
  }

  @Override
  public synchronized void segmentFinished(int firstToken, Segment segment) {
    UnderWay before = underWay.remove(firstToken);
    int end = firstToken + segment.tokenCount();
    for (int i = firstToken; i < end; i++) {
      set(i, Levels.settled(levels[i]));
    }
    segment.patches().forEach(patch -> set(firstToken + patch.position(), Levels.PATCHED));
    if (before != null) {
      set(end, firstToken + before.tokens, Levels.UNTOUCHED);
    }
    settledTokens += segment.tokenCount();
    settledVectors += segment.vectorCount();
    settled.add(
        new SegmentView(
            firstToken,
            segment.tokenCount(),
            segment.vectorCount(),
            segment.steps(),
            0,
            segment.minMargin(),
            segment.patches().size(),
            true));
    if (firstToken == watched && !underWay.isEmpty()) {
      watch(underWay.firstKey());
    }
    Sums sums = sums();
    curve.add(nanoTime.getAsLong(), steps, sums.loss, sums.accuracy, sums.share);
  }

  private void set(int from, int to, byte level) {
    for (int i = from; i < to; i++) {
      set(i, level);
    }
  }

  private void set(int token, byte level) {
    if (token < levels.length && levels[token] != level) {
      levels[token] = level;
      changed.set(token);
    }
  }

  /** The clock stands while a job is stopped. */
  synchronized void paused() {
    pausedSince = nanoTime.getAsLong();
  }

  synchronized void resumed() {
    pausedNanos += nanoTime.getAsLong() - pausedSince;
    pausedSince = 0;
  }

  synchronized void ended() {
    ended = now();
  }

  /** Nanoseconds of work so far. */
  private long now() {
    if (ended > 0) {
      return ended;
    }
    long clock = pausedSince != 0 ? pausedSince : nanoTime.getAsLong();
    return clock - started - pausedNanos;
  }

  private record Sums(
      double loss, double accuracy, double share, float minMargin, int right, int exact) {}

  private Sums sums() {
    double loss = 0;
    double accuracy = 0;
    float minMargin = Float.POSITIVE_INFINITY;
    int active = 0;
    int right = settledTokens;
    int exact = settledTokens;
    for (UnderWay segment : underWay.values()) {
      loss += segment.loss * segment.active;
      accuracy += segment.accuracy * segment.active;
      active += segment.active;
      right += segment.right;
      exact += segment.exactPrefix;
      minMargin = segment.step > 0 ? Math.min(minMargin, segment.minMargin) : minMargin;
    }
    return new Sums(
        active == 0 ? Double.NaN : loss / active,
        active == 0 ? Double.NaN : accuracy / active,
        levels.length == 0 ? 1 : (double) right / levels.length,
        minMargin,
        right,
        exact);
  }

  /**
   * What the page shows at a moment, or what changed since another one.
   *
   * @param levels stretches of {@link Levels}
   * @param firstWrong the first token that is not right, or their number
   * @param right tokens
   * @param steps of all segments
   * @param seconds of work
   * @param left seconds, as far as one can tell; negative if one cannot
   * @param leftAtMost whether {@code left} is an upper limit
   * @param loss mean over the tokens under way, in nats
   * @param accuracy of the tokens under way, 0 to 1
   * @param margin the smallest under way, in logits; null if there is none
   * @param vectors that are settled or under way
   * @param used share of the theoretical bound that is held, 0 to 1
   * @param segments those under way, and all that are settled or the new ones
   * @param settled how many are settled
   * @param path of the vectors that are watched; null if it is left out
   */
  record View(
      List<Stretch> levels,
      int firstWrong,
      int right,
      int total,
      long steps,
      double stepsPerSecond,
      double seconds,
      double left,
      boolean leftAtMost,
      double loss,
      double accuracy,
      Float margin,
      int vectors,
      double used,
      List<SegmentView> segments,
      int settled,
      Curve.Points curve,
      PathView path) {}

  /** Levels of consecutive tokens. */
  record Stretch(int at, String levels) {}

  /**
   * The path of one segment's vectors, in thousandths of its extent.
   *
   * @param segment its first token
   * @param shares of the variance along the two axes
   */
  record PathView(int segment, int[] x, int[] y, double[] shares) {}

  /** Everything. */
  synchronized View all() {
    return view(
        List.of(new Stretch(0, new String(levels, java.nio.charset.StandardCharsets.US_ASCII))),
        0,
        Long.MIN_VALUE,
        true);
  }

  /**
   * What changed since the last call; the first call gives what changed since the start.
   *
   * @param settledBefore settled segments that are known
   * @param stepsBefore steps up to which the curve is known
   */
  synchronized View changes(int settledBefore, long stepsBefore, boolean withPath) {
    List<Stretch> stretches = new ArrayList<>();
    for (int from = changed.nextSetBit(0); from >= 0; ) {
      int to = changed.nextClearBit(from);
      // A short gap costs less than a new stretch.
      for (int next = changed.nextSetBit(to);
          next >= 0 && next - to < 8;
          next = changed.nextSetBit(to)) {
        to = changed.nextClearBit(next);
      }
      stretches.add(
          new Stretch(
              from,
              new String(levels, from, to - from, java.nio.charset.StandardCharsets.US_ASCII)));
      from = changed.nextSetBit(to);
    }
    changed.clear();
    return view(stretches, settledBefore, stepsBefore, withPath);
  }

  private View view(
      List<Stretch> stretches, int settledBefore, long stepsBefore, boolean withPath) {
    Sums sums = sums();
    double seconds = now() / 1e9;
    double rate = 0;
    int vectors = settledVectors;
    double leftAtMost = -1;
    List<SegmentView> segments =
        new ArrayList<>(settled.subList(Math.min(settledBefore, settled.size()), settled.size()));
    for (UnderWay segment : underWay.values()) {
      vectors += segment.vectors;
      double ownRate = segment.step / Math.max(1e-3, (now() - segment.started) / 1e9);
      rate += ownRate;
      if (segment.step > 0) {
        leftAtMost = Math.max(leftAtMost, (segment.maxSteps - segment.step) / ownRate);
      }
      segments.add(
          new SegmentView(
              segment.firstToken,
              segment.tokens,
              segment.vectors,
              segment.step,
              segment.maxSteps,
              segment.step > 0 ? segment.minMargin : 0,
              0,
              false));
    }
    boolean any = settledTokens > 0;
    double left =
        ended > 0 || levels.length == 0
            ? -1
            : any ? seconds / Math.max(1, sums.exact) * (levels.length - sums.exact) : leftAtMost;
    return new View(
        stretches,
        firstWrong(),
        sums.right,
        levels.length,
        steps,
        rate,
        seconds,
        left,
        !any,
        sums.loss,
        sums.accuracy,
        Float.isFinite(sums.minMargin) ? sums.minMargin : null,
        vectors,
        vectors == 0 ? 0 : sums.exact / (vectors * bound),
        segments,
        settled.size(),
        curve.after(stepsBefore),
        !withPath ? null : path.size() >= LEAST_PLACES ? pathView() : before);
  }

  private PathView pathView() {
    VectorPath.Plane plane = path.plane();
    double extent = 1e-12;
    for (int i = 0; i < plane.x().length; i++) {
      extent = Math.max(extent, Math.max(Math.abs(plane.x()[i]), Math.abs(plane.y()[i])));
    }
    double scale = 1000 / extent;
    return new PathView(
        watched,
        Arrays.stream(plane.x()).mapToInt(x -> (int) Math.round(x * scale)).toArray(),
        Arrays.stream(plane.y()).mapToInt(y -> (int) Math.round(y * scale)).toArray(),
        plane.shares());
  }

  private int firstWrong() {
    int token = 0;
    while (token < levels.length && levels[token] >= 'A') {
      token++;
    }
    return token;
  }

  /** Of all segments so far. */
  synchronized long steps() {
    return steps;
  }
}
