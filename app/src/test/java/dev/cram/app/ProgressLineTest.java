package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.container.Patch;
import dev.cram.container.Segment;
import java.util.List;
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
    assertThat(screen.written()).contains("cram: 60 of 100 tokens (60%), 6 segments exact");
  }

  @Test
  void writesALineEveryTenSecondsInAPipe() {
    try (ProgressLine progress = new ProgressLine(screen.out, Screen.pipe(), () -> screen.nanos)) {
      cramTenSegments(progress);
    }
    assertThat(screen.written().lines())
        .containsExactly(
            "cram: 30 of 100 tokens (30%), 3 segments exact, 2.5 tokens/s, 28 s left",
            "cram: 60 of 100 tokens (60%), 6 segments exact, 2.5 tokens/s, 16 s left",
            "cram: 90 of 100 tokens (90%), 9 segments exact, 2.5 tokens/s, 4.0 s left");
  }

  @Test
  void countsSegmentsThatAreUnderWayAtOnce() {
    try (ProgressLine progress = new ProgressLine(screen.out, Screen.pipe(), () -> screen.nanos)) {
      progress.textStarted(100);
      for (int first : new int[] {0, 20, 40, 60}) {
        progress.segmentStarted(first, new int[20], 1);
      }
      progress.stepped(20, SimulatedSegment.step(7, 100, 20, 2));
      // Its vectors hold 15 of the 20.
      progress.segmentFinished(40, SimulatedSegment.settled(15));
      screen.passSeconds(10);
      progress.stepped(60, SimulatedSegment.step(9, 100, 20, 2));
    }
    assertThat(screen.written())
        .isEqualTo(
            "cram: 15 of 100 tokens (15%), 1 segment exact, 1.5 tokens/s, 57 s left,"
                + " now 20 tokens, and 20 tokens: step 7, 100% right, and 1 more\n");
  }

  @Test
  void countsThePatchesThatSegmentsAreExactWith() {
    try (ProgressLine progress = new ProgressLine(screen.out, Screen.pipe(), () -> screen.nanos)) {
      progress.textStarted(100);
      List<Patch> patches = List.of(new Patch(0, 5), new Patch(7, 12));
      progress.segmentFinished(0, new Segment(25, 1, new float[1], patches, 0.4f, 400));
      screen.passSeconds(10);
      progress.segmentFinished(25, SimulatedSegment.settled(25));
    }
    assertThat(screen.written())
        .contains("50 of 100 tokens (50%), 2 segments exact with 2 patched tokens, 5.0 tokens/s");
  }

  private void cramTenSegments(ProgressLine progress) {
    progress.textStarted(100);
    for (int segment = 0; segment < 10; segment++) {
      progress.segmentStarted(10 * segment, new int[10], 1);
      screen.passSeconds(4);
      progress.segmentFinished(10 * segment, SimulatedSegment.settled(10));
    }
  }
}
