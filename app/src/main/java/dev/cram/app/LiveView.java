package dev.cram.app;

import dev.cram.CramListener;
import dev.cram.CramStep;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;

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

  private final PrintStream out;
  private final Terminal terminal;
  private final List<String> texts;
  private final LongSupplier nanoTime;
  private final boolean inPlace;
  private final char dot;
  private final Thread cursorRestorer;

  /** Where the current segment starts, its length and its vectors. */
  private int firstToken;

  private int segmentTokens;
  private int vectors;

  /** The current segment's last step, none before its first one. */
  private CramStep lastStep;

  private int finishedVectors;
  private boolean betweenSegments;
  private final long started;
  private long segmentStarted;
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
  public void segmentStarted(int segment, int firstToken, int[] tokens, int vectors) {
    this.firstToken = firstToken;
    this.segmentTokens = tokens.length;
    this.vectors = vectors;
    lastStep = null;
    betweenSegments = false;
    segmentStarted = nanoTime.getAsLong();
    if (!inPlace) {
      out.println(heading(segmentStarted));
    }
  }

  @Override
  public void stepped(CramStep step) {
    lastStep = step;
    long now = nanoTime.getAsLong();
    if (now - lastShown >= (inPlace ? REDRAW_NANOS : PLAIN_LINE_NANOS)) {
      lastShown = now;
      show(now);
    }
  }

  @Override
  public void segmentFinished(int segment, boolean exact, int patches, float minMargin, int steps) {
    finishedVectors += vectors;
    betweenSegments = true;
  }

  /** Shows the outcome, if all was settled, and gives the terminal back. */
  @Override
  public void close() {
    if (betweenSegments && firstToken + segmentTokens >= texts.size()) {
      firstToken = texts.size();
      lastStep = null;
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

  private void show(long now) {
    if (inPlace) {
      draw(frame(now));
    } else if (lastStep == null) {
      out.println(heading(now));
    } else {
      out.println("  " + String.join("  ", fields(now)));
    }
  }

  private String heading(long now) {
    if (firstToken == texts.size()) {
      return String.format(
          Locale.ROOT,
          "%s in %s, %.1f tokens a vector, after %s",
          Spoken.count(texts.size(), "token"),
          Spoken.count(finishedVectors, "vector"),
          (double) texts.size() / Math.max(1, finishedVectors),
          Spoken.duration((now - started) / 1e9));
    }
    return String.format(
        Locale.ROOT,
        "tokens %,d to %,d of %,d into %s",
        firstToken + 1,
        firstToken + segmentTokens,
        texts.size(),
        finishedVectors == 0
            ? Spoken.count(vectors, "vector")
            : Spoken.count(vectors, "vector")
                + ", after "
                + Spoken.count(finishedVectors, "vector"));
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
    flow(heading(now), fields(now), columns).forEach(l -> status.add(new Line(l, l.length())));

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
    int inSegment = token - firstToken;
    return inSegment < 0
        || (lastStep != null
            && inSegment < lastStep.activeTokens()
            && lastStep.correct()[inSegment]);
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

  private List<String> fields(long now) {
    CramStep step = lastStep;
    if (step == null) {
      return List.of();
    }
    double rate = step.step() / Math.max(1e-3, (now - segmentStarted) / 1e9);
    int digits = Spoken.number(step.maxSteps()).length();
    int tokenDigits = Spoken.number(texts.size()).length();
    List<String> fields = new ArrayList<>();
    fields.add(
        String.format(Locale.ROOT, "step %," + digits + "d of %,d", step.step(), step.maxSteps()));
    fields.add(String.format(Locale.ROOT, "loss %7.4f nats/token", step.crossEntropy()));
    fields.add(String.format(Locale.ROOT, "accuracy %5.1f%%", 100 * step.accuracy()));
    fields.add(
        String.format(
            Locale.ROOT,
            "exact prefix %," + tokenDigits + "d of %,d",
            firstToken + step.exactPrefix(),
            texts.size()));
    fields.add(String.format(Locale.ROOT, "margin %+6.2f logits", step.minMargin()));
    fields.add(String.format(Locale.ROOT, "%5s steps/s", Spoken.rate(rate)));
    fields.add(timeLeft(now, rate));
    return fields;
  }

  /** For the first segment what its steps allow, then what the earlier segments let expect. */
  private String timeLeft(long now, double rate) {
    if (firstToken == 0) {
      double atMost = (lastStep.maxSteps() - lastStep.step()) / rate;
      return "at most " + Spoken.duration(atMost) + " for these tokens";
    }
    double done = firstToken + lastStep.exactPrefix();
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
