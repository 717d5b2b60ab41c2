package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.CramStep;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LiveViewTest {
  private static final List<String> TOKENS = List.of("The", " light", "house", " stood", ".");
  private static final Map<String, String> XTERM = Map.of("TERM", "xterm");

  private final Screen screen = new Screen();

  @Test
  void writesPlainLinesAtIntervalsInAPipe() {
    assertPlain(Screen.pipe());
  }

  @Test
  void writesPlainLinesAtIntervalsToADumbTerminal() {
    assertPlain(Screen.terminal(80, 24, Map.of("TERM", "dumb")));
    assertPlain(Screen.terminal(80, 24, Map.of()));
  }

  private void assertPlain(Terminal terminal) {
    screen.clear();
    try (LiveView view = view(terminal)) {
      view.segmentStarted(0, new int[5], 1);
      for (int step = 1; step <= 100; step++) {
        screen.passSeconds(0.1);
        view.stepped(0, step(step, true, false, true, false, false));
      }
      view.segmentFinished(0, SimulatedSegment.settled(5));
    }
    assertThat(screen.written()).doesNotContain("\033").doesNotContain("\r");
    assertThat(screen.written().lines()).hasSize(1 + 5 + 1);
    assertThat(screen.written())
        .startsWith("tokens 1 to 5 of 5 into 1 vector\n")
        .contains("exact prefix 1 of 5")
        .endsWith("5 tokens in 1 vector, 5.0 tokens a vector, after 10 s\n");
  }

  @Test
  void paintsRightTokensGreenOthersGreyAndMarksTheFirstWrongOne() {
    showOneStep(Screen.terminal(80, 24, XTERM), step(7, true, false, true, false, false));

    assertThat(screen.written())
        .contains("\033[32mThe\033[0m\033[1;4;33m light\033[0m\033[32mhouse\033[0m\033[90m stood");
  }

  @Test
  void withoutColourHidesWhatIsNotRightYet() {
    showOneStep(
        Screen.terminal(80, 24, Map.of("TERM", "xterm", "NO_COLOR", "1")),
        step(7, true, false, true, false, false));

    assertThat(screen.written())
        .contains("The _____house ······")
        .doesNotContainPattern("\033\\[[0-9;]*m");
  }

  @Test
  void tokensOutsideTheObjectiveAreNotRightYet() {
    CramStep all = step(7, true, true, true, true, true);
    CramStep two = new CramStep(7, 100, 1, 1, 2, 1f, 2, all.correct(), all.margins(), null);
    showOneStep(Screen.terminal(80, 24, Map.of("TERM", "xterm", "NO_COLOR", "1")), two);

    assertThat(screen.written()).contains("The light_____ ······");
  }

  @Test
  void redrawsInPlaceAtMostTwentyTimesASecond() {
    try (LiveView view = view(Screen.terminal(80, 24, XTERM))) {
      view.segmentStarted(0, new int[5], 1);
      for (int step = 1; step <= 1000; step++) {
        screen.passSeconds(0.001);
        view.stepped(0, step(step, true, false, true, false, false));
      }
    }
    long redraws = screen.written().split("\033\\[[0-9]+A", -1).length;
    assertThat(redraws).isBetween(15L, 20L);
  }

  @Test
  void neverDrawsMoreThanTheTerminalHolds() {
    for (int rows = 2; rows < 12; rows++) {
      for (int columns : new int[] {1, 5, 12, 80}) {
        screen.clear();
        showOneStep(
            Screen.terminal(columns, rows, Map.of("TERM", "xterm", "NO_COLOR", "1")),
            step(7, true, false, true, false, false));

        List<String> lines =
            screen.written().replaceAll("\033\\[[?0-9]*[A-Za-z]", "").lines().toList();
        assertThat(lines).hasSizeLessThan(rows);
        int width = Math.max(1, columns - 1);
        assertThat(lines).allSatisfy(l -> assertThat(l.length()).isLessThanOrEqualTo(width));
      }
    }
  }

  @Test
  void keepsEarlierSegmentsAndEndsWithTheOutcome() {
    Terminal terminal = Screen.terminal(80, 24, Map.of("TERM", "xterm", "NO_COLOR", "1"));
    try (LiveView view = view(terminal)) {
      view.segmentStarted(0, new int[4], 1);
      // Its vectors hold two of the four.
      view.segmentFinished(0, SimulatedSegment.settled(2));
      view.segmentStarted(2, new int[3], 1);
      screen.passSeconds(1);
      view.stepped(2, step(10, false, true, false));
      assertThat(screen.written())
          .contains("The light_____ stood·")
          .contains("tokens 3 to 5 of 5 into 1 vector, after 1 vector");

      screen.clear();
      view.segmentFinished(2, SimulatedSegment.settled(3));
    }
    assertThat(screen.written())
        .contains("The lighthouse stood.")
        .contains("5 tokens in 2 vectors, 2.5 tokens a vector, after 1.0 s");
  }

  @Test
  void showsSegmentsThatAreUnderWayAtOnce() {
    Terminal terminal = Screen.terminal(80, 24, Map.of("TERM", "xterm", "NO_COLOR", "1"));
    boolean[] reused = {true, false};
    try (LiveView view = view(terminal)) {
      view.segmentStarted(0, new int[2], 1);
      view.segmentStarted(2, new int[3], 1);
      view.stepped(0, step(7, reused));
      reused[0] = false;
      screen.passSeconds(1);
      view.stepped(2, step(9, true, false, true));
    }
    assertThat(screen.written())
        .contains("The _____house ·····.")
        .contains("tokens 1 to 2 and 3 to 5 of 5 into 2 vectors")
        .contains("step   7 and   9 of 100")
        .contains("accuracy  60.0%")
        .contains("exact prefix 1 of 5");
  }

  @Test
  void anotherTryStartsWithNothingRight() {
    Terminal terminal = Screen.terminal(80, 24, Map.of("TERM", "xterm", "NO_COLOR", "1"));
    try (LiveView view = view(terminal)) {
      view.textStarted(5);
      view.segmentStarted(0, new int[2], 1);
      view.segmentFinished(0, SimulatedSegment.settled(2));
      view.textStarted(5);
      view.segmentStarted(0, new int[3], 1);
      screen.passSeconds(1);
      view.stepped(0, step(1, false, true, false));
    }
    assertThat(screen.written())
        .contains("___ light····· ······")
        .contains("tokens 1 to 3 of 5 into 1 vector")
        .doesNotContain("after 1 vector");
  }

  @Test
  void showsTheCursorAgain() {
    view(Screen.terminal(80, 24, XTERM)).close();
    assertThat(screen.written()).startsWith("\033[?25l").contains("\033[?25h");
  }

  private void showOneStep(Terminal terminal, CramStep step) {
    try (LiveView view = view(terminal)) {
      view.segmentStarted(0, new int[5], 1);
      screen.passSeconds(1);
      view.stepped(0, step);
    }
  }

  private LiveView view(Terminal terminal) {
    return new LiveView(screen.out, terminal, TOKENS, () -> screen.nanos);
  }

  private static CramStep step(int step, boolean... correct) {
    int right = 0;
    int prefix = 0;
    for (int i = 0; i < correct.length; i++) {
      right += correct[i] ? 1 : 0;
      prefix += correct[i] && prefix == i ? 1 : 0;
    }
    double accuracy = (double) right / correct.length;
    return new CramStep(
        step,
        100,
        1.5,
        accuracy,
        prefix,
        -0.5f,
        correct.length,
        correct,
        new float[correct.length],
        null);
  }
}
