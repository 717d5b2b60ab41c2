package dev.cram.app;

import dev.cram.CramListener;
import dev.cram.CramStep;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;

/** Says how far a text is, on a {@link StatusLine}. */
final class ProgressLine implements CramListener, AutoCloseable {
  private final StatusLine line;
  private final LongSupplier nanoTime;
  private final long started;

  private int allTokens;
  private int segmentTokens;
  private int doneTokens;
  private int doneSegments;
  private int exactSegments;

  ProgressLine(PrintStream out, Terminal terminal, LongSupplier nanoTime) {
    this.line = new StatusLine(out, terminal, nanoTime);
    this.nanoTime = nanoTime;
    this.started = nanoTime.getAsLong();
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
    line.showWhenDue(() -> {
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
    line.showWhenDue(this::soFar);
  }

  @Override
  public void decoded(int tokens, int allTokens) {
    line.showWhenDue(() -> {
      List<String> fields = new ArrayList<>();
      fields.add("decoded " + share(tokens, allTokens));
      addSpeed(fields, tokens, allTokens);
      return fields;
    });
  }

  /** Removes the line, so that what follows starts on an empty one. */
  @Override
  public void close() {
    line.close();
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
}
