package dev.cram.app;

import dev.cram.CramListener;
import dev.cram.CramStep;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * One line that says how far a text is: it overwrites itself on a terminal, and appears every ten
 * seconds in a pipe, a file or a dumb terminal.
 */
final class ProgressLine implements CramListener, AutoCloseable {
  private static final long REDRAW_NANOS = 100_000_000L;
  private static final long PLAIN_LINE_NANOS = 10_000_000_000L;

  private final PrintStream out;
  private final Terminal terminal;
  private final LongSupplier nanoTime;
  private final boolean inPlace;
  private final long started;

  private long lastShown;
  private boolean shown;
  private int allTokens;
  private int segmentTokens;
  private int doneTokens;
  private int doneSegments;
  private int exactSegments;

  ProgressLine(PrintStream out, Terminal terminal, LongSupplier nanoTime) {
    this.out = out;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
    this.inPlace = terminal.movesCursor();
    this.started = nanoTime.getAsLong();
    this.lastShown = started;
  }

  @Override
  public void textStarted(int tokens) {
    allTokens = tokens;
  }

  @Override
  public void segmentStarted(int segment, int firstToken, int[] tokens, int vectors) {
    doneTokens = firstToken;
    segmentTokens = tokens.length;
  }

  @Override
  public void stepped(CramStep step) {
    showWhenDue(() -> {
      List<String> fields = soFar();
      fields.add(
          String.format(
              Locale.ROOT,
              "now %s: step %,d, %.0f%% right",
              Spoken.count(segmentTokens, "token"),
              step.step(),
              Math.floor(100 * step.accuracy())));
      return fields;
    });
  }

  @Override
  public void segmentFinished(int segment, boolean exact, int patches, float minMargin, int steps) {
    doneTokens += segmentTokens;
    doneSegments++;
    exactSegments += exact ? 1 : 0;
    showWhenDue(this::soFar);
  }

  @Override
  public void decoded(int tokens, int allTokens) {
    showWhenDue(() -> {
      List<String> fields = new ArrayList<>();
      fields.add("decoded " + share(tokens, allTokens));
      addSpeed(fields, tokens, allTokens);
      return fields;
    });
  }

  /** Removes the line, so that what follows starts on an empty one. */
  @Override
  public void close() {
    if (shown && inPlace) {
      out.print("\r\033[K");
      out.flush();
      shown = false;
    }
  }

  private List<String> soFar() {
    List<String> fields = new ArrayList<>();
    fields.add(share(doneTokens, allTokens));
    fields.add(exactSegments + " of " + Spoken.count(doneSegments, "segment") + " exact");
    addSpeed(fields, doneTokens, allTokens);
    return fields;
  }

  private static String share(int tokens, int allTokens) {
    return String.format(
        Locale.ROOT,
        "%,d of %s (%d%%)",
        tokens,
        Spoken.count(allTokens, "token"),
        allTokens == 0 ? 100 : 100L * tokens / allTokens);
  }

  private void addSpeed(List<String> fields, int tokens, int allTokens) {
    double seconds = (nanoTime.getAsLong() - started) / 1e9;
    if (tokens > 0 && seconds > 0) {
      double rate = tokens / seconds;
      fields.add(Spoken.rate(rate) + " tokens/s");
      fields.add(Spoken.duration((allTokens - tokens) / rate) + " left");
    }
  }

  private void showWhenDue(Supplier<List<String>> fields) {
    long now = nanoTime.getAsLong();
    if (now - lastShown < (inPlace ? REDRAW_NANOS : PLAIN_LINE_NANOS)) {
      return;
    }
    lastShown = now;
    if (inPlace) {
      out.print("\r" + fitting(fields.get(), terminal.size().columns() - 1) + "\033[K");
      out.flush();
      shown = true;
    } else {
      out.println(fitting(fields.get(), Integer.MAX_VALUE));
    }
  }

  /** The leading fields that fit, the first in any case as far as it does. */
  private static String fitting(List<String> fields, int columns) {
    StringBuilder line = new StringBuilder("cram: ").append(fields.getFirst());
    for (String field : fields.subList(1, fields.size())) {
      if (line.length() + 2 + field.length() > columns) {
        break;
      }
      line.append(", ").append(field);
    }
    return line.length() <= columns ? line.toString() : line.substring(0, Math.max(0, columns));
  }
}
