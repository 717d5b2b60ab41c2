package dev.cram.app;

import dev.cram.lm.InputException;
import java.io.PrintStream;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * One line that says how far something is: it overwrites itself on a terminal, and appears every
 * ten seconds in a pipe, a file or a dumb terminal, less often the longer it takes.
 */
final class StatusLine implements AutoCloseable {
  private static final long REDRAW_NANOS = 100_000_000L;
  private static final long PLAIN_LINE_NANOS = 10_000_000_000L;
  private static final long RARE_LINE_NANOS = 600_000_000_000L;

  /** Without a terminal, a line says this share more of the time than the one before. */
  private static final int PLAIN_LINE_PART = 20;

  private final PrintStream out;
  private final Terminal terminal;
  private final LongSupplier nanoTime;
  private final boolean inPlace;

  private final long started;
  private long lastShown;
  private boolean shown;

  StatusLine(PrintStream out, Terminal terminal, LongSupplier nanoTime) {
    this.out = out;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
    this.inPlace = terminal.movesCursor();
    this.started = nanoTime.getAsLong();
    this.lastShown = started;
  }

  /**
   * Shows the fields if the last line is old enough, the first in any case and as many others as
   * fit.
   *
   * @param fields made only if they are shown
   */
  void showWhenDue(Supplier<List<String>> fields) {
    long now = nanoTime.getAsLong();
    long pause =
        inPlace
            ? REDRAW_NANOS
            : Math.clamp((now - started) / PLAIN_LINE_PART, PLAIN_LINE_NANOS, RARE_LINE_NANOS);
    if (now - lastShown < pause) {
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

  /** Prints a line that stays, above the one that changes. */
  void say(String line) {
    close();
    out.println("cram: " + InputException.oneLine(line));
  }

  private static String fitting(List<String> fields, int columns) {
    StringBuilder line = new StringBuilder("cram: ").append(fields.getFirst());
    for (String field : fields.subList(1, fields.size())) {
      if (line.length() + 2 + field.length() > columns) {
        break;
      }
      line.append(", ").append(InputException.oneLine(field));
    }
    return line.length() <= columns ? line.toString() : line.substring(0, Math.max(0, columns));
  }

  /** Removes the line, so that what follows starts on an empty one. */
  @Override
  public void close() {
    if (shown) {
      out.print("\r\033[K");
      out.flush();
      shown = false;
    }
  }
}
