package dev.cram.app;

import dev.cram.CramListener;
import dev.cram.CramStep;
import dev.cram.container.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Raises the events of an optimisation that never ran; its main method shows the view of it in a
 * terminal, to be looked at.
 */
final class SimulatedSegment {
  static final String TEXT =
      "The old lighthouse-keeper shut his book, and listened. There was no wind that night, nor any"
          + " moon; yet he could have sworn that someone upon the stair had spoken his name.";

  private static final Pattern TOKEN = Pattern.compile(" ?[\\p{L}-]{1,6}|[^\\p{L}]");

  private SimulatedSegment() {}

  static List<String> tokens(String text) {
    List<String> tokens = new ArrayList<>();
    Matcher matcher = TOKEN.matcher(text);
    while (matcher.find()) {
      tokens.add(matcher.group());
    }
    return tokens;
  }

  /** Step {@code step}, at which about {@code share} of the tokens are right. */
  static CramStep step(int step, int maxSteps, int tokens, double share) {
    boolean[] correct = new boolean[tokens];
    Random random = new Random(7);
    int right = 0;
    for (int i = 0; i < tokens; i++) {
      correct[i] = random.nextDouble() < share;
      right += correct[i] ? 1 : 0;
    }
    int exactPrefix = 0;
    while (exactPrefix < tokens && correct[exactPrefix]) {
      exactPrefix++;
    }
    return new CramStep(
        step,
        maxSteps,
        4 * (1 - share) + 0.01,
        (double) right / tokens,
        exactPrefix,
        (float) (4 * share - 3.5),
        tokens,
        correct,
        new float[tokens],
        null);
  }

  /** A segment of one vector that is exact. */
  static Segment settled(int tokens) {
    return new Segment(tokens, 1, new float[1], List.of(), 0.4f, 400);
  }

  private static void raise(
      CramListener listener, int firstToken, int tokens, double until, long stepMillis)
      throws InterruptedException {
    int maxSteps = 400;
    listener.segmentStarted(firstToken, new int[tokens], 1);
    for (int step = 1; step <= maxSteps; step++) {
      Thread.sleep(stepMillis);
      listener.stepped(firstToken, step(step, maxSteps, tokens, until * step / maxSteps));
    }
  }

  /** Arguments: {@code live} or {@code line}, and milliseconds a step. */
  public static void main(String[] args) throws InterruptedException {
    List<String> texts = tokens(TEXT);
    long millis = Long.parseLong(args[1]);
    if (args[0].equals("live")) {
      Terminal terminal = Terminal.of(Terminal.STANDARD_OUTPUT);
      try (LiveView view = new LiveView(System.out, terminal, texts, System::nanoTime)) {
        int half = texts.size() / 2;
        raise(view, 0, texts.size(), 0.9, millis);
        view.textStarted(texts.size());
        raise(view, 0, half, 1.01, millis);
        view.segmentFinished(0, settled(half));
        raise(view, half, texts.size() - half, 1.01, millis);
        view.segmentFinished(half, settled(texts.size() - half));
      }
      System.out.println("done");
      return;
    }
    Terminal terminal = Terminal.of(Terminal.STANDARD_ERROR);
    try (ProgressLine progress = new ProgressLine(System.err, terminal, System::nanoTime)) {
      progress.textStarted(10 * texts.size());
      for (int i = 0; i < 10; i++) {
        raise(progress, i * texts.size(), texts.size(), 1.01, millis);
        progress.segmentFinished(i * texts.size(), settled(texts.size()));
      }
      for (int i = 0; i <= 100; i++) {
        Thread.sleep(millis);
        progress.decoded(i, 100);
      }
    }
    System.err.println("done");
  }
}
