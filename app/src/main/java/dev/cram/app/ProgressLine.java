package dev.cram.app;

import dev.cram.CramListener;
import dev.cram.CramStep;
import dev.cram.container.Segment;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/** Says how far a text is, on a {@link StatusLine}. */
final class ProgressLine implements CramListener, AutoCloseable {
  /** Segments under way that are shown each by itself. */
  private static final int SHOWN = 2;

  private final StatusLine line;
  private final LongSupplier nanoTime;
  private final long started;

  /** How far the segments under way are, by their first tokens. */
  private final SortedMap<Integer, String> underWay = new TreeMap<>();

  private int allTokens;
  private int doneTokens;

  /** Of those, tokens that were there already, which says nothing about the speed. */
  private int keptTokens;

  private int doneSegments;
  private long patches;

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
  public void segmentStarted(int firstToken, int[] tokens, int vectors) {
    underWay.put(firstToken, Spoken.count(tokens.length, "token"));
  }

  @Override
  public void stepped(int firstToken, CramStep step) {
    underWay.put(
        firstToken,
        String.format(
            Locale.ROOT,
            "%s: step %,d, %.0f%% right",
            Spoken.count(step.activeTokens(), "token"),
            step.step(),
            Math.floor(100 * step.accuracy())));
    line.showWhenDue(this::soFar);
  }

  @Override
  public void segmentFinished(int firstToken, Segment segment) {
    underWay.remove(firstToken);
    doneTokens += segment.tokenCount();
    doneSegments++;
    patches += segment.patches().size();
    line.showWhenDue(this::soFar);
  }

  @Override
  public void segmentKept(int firstToken, Segment segment) {
    keptTokens += segment.tokenCount();
    segmentFinished(firstToken, segment);
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
    fields.add(Spoken.count(doneSegments, "segment") + " " + Spoken.exactWith(patches));
    addSpeed(fields, doneTokens, allTokens);
    String now = "now ";
    for (String segment : underWay.values().stream().limit(SHOWN).toList()) {
      fields.add(now + segment);
      now = "and ";
    }
    if (underWay.size() > SHOWN) {
      fields.add("and " + (underWay.size() - SHOWN) + " more");
    }
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
    if (tokens > keptTokens && seconds > 0) {
      double rate = (tokens - keptTokens) / seconds;
      fields.add(Spoken.rate(rate) + " tokens/s");
      fields.add(Spoken.duration((allTokens - tokens) / rate) + " left");
    }
  }
}
