package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private final Screen screen = new Screen();

  @Test
  void overwritesItselfOnATerminalAndLeavesNothingBehind() {
    try (ProgressLine progress =
        new ProgressLine(
            screen.out, Screen.terminal(60, 24, Map.of("TERM", "xterm")), () -> screen.nanos)) {
      cramTenSegments(progress);
    }
    assertThat(screen.written()).doesNotContain("\n").endsWith("\r\033[K");
    assertThat(screen.written().split("[\r]")).allSatisfy(l -> assertThat(l).hasSizeLessThan(63));
    assertThat(screen.written()).contains("cram: 60 of 100 tokens (60%), 6 of 6 segments exact");
  }

  @Test
  void writesALineEveryTenSecondsInAPipe() {
    try (ProgressLine progress = new ProgressLine(screen.out, Screen.pipe(), () -> screen.nanos)) {
      cramTenSegments(progress);
    }
    assertThat(screen.written().lines())
        .containsExactly(
            "cram: 30 of 100 tokens (30%), 3 of 3 segments exact, 2.5 tokens/s, 28 s left",
            "cram: 60 of 100 tokens (60%), 6 of 6 segments exact, 2.5 tokens/s, 16 s left",
            "cram: 90 of 100 tokens (90%), 9 of 9 segments exact, 2.5 tokens/s, 4.0 s left");
  }

  private void cramTenSegments(ProgressLine progress) {
    progress.textStarted(100);
    for (int segment = 0; segment < 10; segment++) {
      progress.segmentStarted(segment, 10 * segment, new int[10], 1);
      screen.passSeconds(4);
      progress.segmentFinished(segment, true, 0, 1f, 50);
    }
  }
}
