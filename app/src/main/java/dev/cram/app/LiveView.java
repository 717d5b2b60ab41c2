package dev.cram.app;

import dev.cram.CramListener;
import dev.cram.CramStep;
import dev.cram.container.Segment;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * Shows a text while it is crammed: its tokens turn from grey to green as they become right, and
 * numbers stand below.
 *
 * <p>On a terminal the picture is redrawn in place, at most twenty times a second. Without colour
 * the characters of tokens that are not right yet show as dots, and those of the first one as
 * underscores. In a pipe, a file or a dumb terminal a plain line appears every two seconds.
 */
final class LiveView implements CramListener, AutoCloseable {
  private static final long REDRAW_NANOS = 50_000_000L;
  private static final long PLAIN_LINE_NANOS = 2_000_000_000L;

  private static final String GREY = "\033[90m";
  private static final String GREEN = "\033[32m";
  private static final String FIRST_WRONG = "\033[1;4;33m";
  private static final String RESET = "\033[0m";
  private static final String CLEAR_TO_LINE_END = "\033[K";
  private static final String CLEAR_BELOW = "\033[J";
  private static final String HIDE_CURSOR = "\033[?25l";
  private static final String SHOW_CURSOR = "\033[?25h";

  /** A line as it is written and the columns that it takes. */
  private record Line(String text, int columns) {}

  /**
   * A segment that is being crammed.
   *
   * @param step its last step, null before the first one
   * @param correct which tokens are right
   */
  private record UnderWay(
      int firstToken, int tokens, int vectors, long started, CramStep step, BitSet correct) {
    int end() {
      return firstToken + tokens;
    }

    double stepsPerSecond(long now) {
      return step.step() / Math.max(1e-3, (now - started) / 1e9);
    }
  }

  private final PrintStream out;
  private final Terminal terminal;
  private final List<String> texts;
  private final LongSupplier nanoTime;
  private final boolean inPlace;
  private final char dot;
  private final Thread cursorRestorer;

  /** The segments that are being crammed, by their first tokens. */
  private final NavigableMap<Integer, UnderWay> underWay = new TreeMap<>();

  private final BitSet finished = new BitSet();
  private int finishedVectors;
  private final long started;
  private long lastShown;
  private List<Line> drawn = List.of();
  private List<List<WrappedText.Run>> wrapped = List.of();
  private int wrappedColumns;

  /**
   * @param texts the text of each token
   * @param nanoTime the clock, {@link System#nanoTime} but in tests
   */
  LiveView(PrintStream out, Terminal terminal, List<String> texts, LongSupplier nanoTime) {
    this.out = out;
    this.terminal = terminal;
    this.texts = List.copyOf(texts);
    this.nanoTime = nanoTime;
    this.started = nanoTime.getAsLong();
    this.lastShown = started;
    this.inPlace = terminal.movesCursor();
    this.dot = out.charset().newEncoder().canEncode('·') ? '·' : '.';
    this.cursorRestorer = new Thread(this::showCursor, "show the cursor");
    if (inPlace) {
      Runtime.getRuntime().addShutdownHook(cursorRestorer);
      out.print(HIDE_CURSOR);
    }
  }

  @Override
  public void textStarted(int tokens) {
    underWay.clear();
    finished.clear();
    finishedVectors = 0;
  }

  @Override
  public void segmentStarted(int firstToken, int[] tokens, int vectors) {
    long now = nanoTime.getAsLong();
    UnderWay segment = new UnderWay(firstToken, tokens.length, vectors, now, null, new BitSet());
    underWay.put(firstToken, segment);
    if (!inPlace) {
      out.println(heading(List.of(segment)));
    }
  }

  @Override
  public void stepped(int firstToken, CramStep step) {
    BitSet correct = new BitSet();
    for (int i = 0; i < step.activeTokens(); i++) {
      correct.set(i, step.correct()[i]);
    }
    underWay.computeIfPresent(
        firstToken,
        (at, s) -> new UnderWay(at, s.tokens(), s.vectors(), s.started(), step, correct));
    long now = nanoTime.getAsLong();
    if (now - lastShown >= (inPlace ? REDRAW_NANOS : PLAIN_LINE_NANOS)) {
      lastShown = now;
      show(now);
    }
  }

  @Override
  public void segmentFinished(int firstToken, Segment segment) {
    underWay.remove(firstToken);
    finished.set(firstToken, firstToken + segment.tokenCount());
    finishedVectors += segment.vectorCount();
  }

  /** Shows the outcome, if all was settled, and gives the terminal back. */
  @Override
  public void close() {
    if (isSettled()) {
      show(nanoTime.getAsLong());
    }
    if (!inPlace) {
      return;
    }
    showCursor();
    try {
      Runtime.getRuntime().removeShutdownHook(cursorRestorer);
    } catch (IllegalStateException e) {
      // The program is ending, and the hook itself runs.
    }
  }

  private void showCursor() {
    out.print(terminal.hasColour() ? RESET + SHOW_CURSOR : SHOW_CURSOR);
    out.flush();
  }

  private boolean isSettled() {
    return finished.cardinality() == texts.size();
  }

  private void show(long now) {
    if (inPlace) {
      draw(frame(now));
    } else if (isSettled()) {
      out.println(outcome(now));
    } else {
      out.println("  " + String.join("  ", fields(now)));
    }
  }

  private String outcome(long now) {
    return String.format(
        Locale.ROOT,
        "%s in %s, %.1f tokens a vector, after %s",
        Spoken.count(texts.size(), "token"),
        Spoken.count(finishedVectors, "vector"),
        (double) texts.size() / Math.max(1, finishedVectors),
        Spoken.duration((now - started) / 1e9));
  }

  private String heading(Collection<UnderWay> segments) {
    String ranges =
        segments.stream()
            .map(s -> String.format(Locale.ROOT, "%,d to %,d", s.firstToken() + 1, s.end()))
            .collect(Collectors.joining(" and "));
    return String.format(
        Locale.ROOT,
        "tokens %s of %,d into %s%s",
        ranges,
        texts.size(),
        Spoken.count(segments.stream().mapToInt(UnderWay::vectors).sum(), "vector"),
        finishedVectors == 0 ? "" : ", after " + Spoken.count(finishedVectors, "vector"));
  }

  private void draw(List<Line> frame) {
    StringBuilder s = new StringBuilder(backToTop(terminal.size().columns()));
    for (Line line : frame) {
      s.append(line.text()).append(CLEAR_TO_LINE_END).append('\n');
    }
    s.append(CLEAR_BELOW);
    out.print(s);
    out.flush();
    drawn = frame;
  }

  /** Moves to the first line of the last picture, which a narrowed window has wrapped. */
  private String backToTop(int columns) {
    int rows =
        drawn.stream().mapToInt(l -> Math.max(1, (l.columns() + columns - 1) / columns)).sum();
    return rows == 0 ? "" : "\r\033[" + rows + "A";
  }

  private List<Line> frame(long now) {
    Terminal.Size size = terminal.size();
    // The last column stays free: what a terminal does there differs.
    int columns = Math.max(1, size.columns() - 1);
    if (columns != wrappedColumns) {
      wrapped = WrappedText.wrap(texts, columns);
      wrappedColumns = columns;
    }
    List<Line> status = new ArrayList<>();
    status.add(new Line("", 0));
    String heading = isSettled() ? outcome(now) : heading(underWay.values());
    flow(heading, fields(now), columns).forEach(l -> status.add(new Line(l, l.length())));

    int firstWrong = firstWrong();
    int room = Math.max(1, size.rows() - 1 - status.size());
    List<Line> frame = new ArrayList<>();
    for (List<WrappedText.Run> line : around(lineOf(firstWrong), room)) {
      frame.add(paint(line, firstWrong));
    }
    frame.addAll(status);
    int rows = Math.max(1, size.rows() - 1);
    return frame.size() <= rows ? frame : List.copyOf(frame.subList(0, rows));
  }

  private boolean isRight(int token) {
    var segment = underWay.floorEntry(token);
    return finished.get(token)
        || (segment != null && segment.getValue().correct().get(token - segment.getKey()));
  }

  private int firstWrong() {
    int token = 0;
    while (token < texts.size() && isRight(token)) {
      token++;
    }
    return token;
  }

  private int lineOf(int token) {
    for (int i = 0; i < wrapped.size(); i++) {
      if (wrapped.get(i).stream().anyMatch(run -> run.token() >= token)) {
        return i;
      }
    }
    return Math.max(0, wrapped.size() - 1);
  }

  /** The lines that fit, with the given one among them. */
  private List<List<WrappedText.Run>> around(int line, int room) {
    int start = Math.clamp(line - room / 2, 0, Math.max(0, wrapped.size() - room));
    return wrapped.subList(start, Math.min(wrapped.size(), start + room));
  }

  private Line paint(List<WrappedText.Run> runs, int firstWrong) {
    StringBuilder s = new StringBuilder();
    int columns = 0;
    for (WrappedText.Run run : runs) {
      boolean right = isRight(run.token());
      boolean first = run.token() == firstWrong;
      String text = run.text();
      if (terminal.hasColour()) {
        s.append(RESET).append(first ? FIRST_WRONG : right ? GREEN : GREY).append(text);
      } else {
        text = right ? text : text.replaceAll("\\S", first ? "_" : String.valueOf(dot));
        s.append(text);
      }
      columns += WrappedText.columns(text);
    }
    if (terminal.hasColour()) {
      s.append(RESET);
    }
    return new Line(s.toString(), columns);
  }

  /** Numbers of all segments under way together. */
  private List<String> fields(long now) {
    List<UnderWay> segments = underWay.values().stream().filter(s -> s.step() != null).toList();
    if (segments.isEmpty()) {
      return List.of();
    }
    int maxSteps = segments.stream().mapToInt(s -> s.step().maxSteps()).max().orElseThrow();
    double active = segments.stream().mapToInt(s -> s.step().activeTokens()).sum();
    double loss = 0;
    double accuracy = 0;
    double minMargin = Double.POSITIVE_INFINITY;
    for (UnderWay segment : segments) {
      CramStep step = segment.step();
      loss += step.crossEntropy() * step.activeTokens() / active;
      accuracy += step.accuracy() * step.activeTokens() / active;
      minMargin = Math.min(minMargin, step.minMargin());
    }
    int digits = Spoken.number(maxSteps).length();
    String steps =
        segments.stream()
            .map(s -> String.format(Locale.ROOT, "%," + digits + "d", s.step().step()))
            .collect(Collectors.joining(" and "));
    int tokenDigits = Spoken.number(texts.size()).length();
    double rate = segments.stream().mapToDouble(s -> s.stepsPerSecond(now)).sum();
    List<String> fields = new ArrayList<>();
    fields.add(String.format(Locale.ROOT, "step %s of %,d", steps, maxSteps));
    fields.add(String.format(Locale.ROOT, "loss %7.4f nats/token", loss));
    fields.add(String.format(Locale.ROOT, "accuracy %5.1f%%", 100 * accuracy));
    fields.add(
        String.format(
            Locale.ROOT, "exact prefix %," + tokenDigits + "d of %,d", firstWrong(), texts.size()));
    fields.add(String.format(Locale.ROOT, "margin %+6.2f logits", minMargin));
    fields.add(String.format(Locale.ROOT, "%5s steps/s", Spoken.rate(rate)));
    fields.add(timeLeft(segments, now));
    return fields;
  }

  /** At first what the steps of the segments allow, later what finished ones let expect. */
  private String timeLeft(List<UnderWay> segments, long now) {
    if (finished.isEmpty()) {
      double atMost =
          segments.stream()
              .mapToDouble(s -> (s.step().maxSteps() - s.step().step()) / s.stepsPerSecond(now))
              .max()
              .orElseThrow();
      return "at most " + Spoken.duration(atMost) + " for these tokens";
    }
    double done =
        finished.cardinality() + segments.stream().mapToInt(s -> s.step().exactPrefix()).sum();
    double seconds = (now - started) / 1e9;
    return "about " + Spoken.duration(seconds / done * (texts.size() - done)) + " left";
  }

  /** A heading and below it the fields, as many on a line as fit. */
  private static List<String> flow(String heading, List<String> fields, int columns) {
    List<String> lines = new ArrayList<>(List.of(heading));
    StringBuilder line = new StringBuilder();
    for (String field : fields) {
      if (!line.isEmpty() && line.length() + 3 + field.length() > columns) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : "   ").append(field);
    }
    if (!line.isEmpty()) {
      lines.add(line.toString());
    }
    return lines.stream().map(l -> l.length() <= columns ? l : l.substring(0, columns)).toList();
  }
}
