package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PullProgressTest {
  private static final int SECONDS = 40;

  private final Screen screen = new Screen();

  @Test
  void showsBytesRateAndTimeLeftInPlace() {
    try (PullProgress progress = progress(Screen.terminal(79, 24, Map.of("TERM", "xterm")))) {
      download(progress);
    }
    assertThat(screen.written())
        .doesNotContain("\n")
        .endsWith("\r\033[K")
        .contains("\rcram: 220 MB of 400 MB (55%), 10.0 MB/s, 18 s left, a/b\033[K");
  }

  @Test
  void writesALineEveryTenSecondsInAPipe() {
    try (PullProgress progress = progress(Screen.pipe())) {
      download(progress);
      progress.waiting("the hub answers 503, next attempt in 2 s");
      progress.done("a/b");
    }
    assertThat(screen.written().lines())
        .containsExactly(
            "cram: 120 MB of 400 MB (30%), 10.0 MB/s, 28 s left, a/b",
            "cram: 220 MB of 400 MB (55%), 10.0 MB/s, 18 s left, a/b",
            "cram: 320 MB of 400 MB (80%), 10.0 MB/s, 8.0 s left, a/b",
            "cram: the hub answers 503, next attempt in 2 s",
            "cram: a/b: 3 files, 400 MB, 380 MB of them downloaded in 38 s;"
                + " use it with --model a/b");
  }

  @Test
  void saysThatNothingWasMissing() {
    try (PullProgress progress = progress(Screen.pipe())) {
      progress.planned(1, 1500);
      progress.found(1500);
      progress.done("a/b:x.gguf");
    }
    assertThat(screen.written())
        .isEqualToIgnoringNewLines(
            "cram: a/b: 1 file, 1.5 kB, all there already; use it with --model a/b:x.gguf");
  }

  @Test
  void countsAgainWhatWasLost() {
    try (PullProgress progress = progress(Screen.pipe())) {
      progress.planned(1, 100);
      progress.found(60);
      progress.received(40);
      progress.lost(100);
      progress.found(0);
      screen.passSeconds(10);
      progress.received(50);
    }
    assertThat(screen.written()).startsWith("cram: 50 bytes of 100 bytes (50%)");
  }

  /** 10 MB a second, after 20 MB that were there. */
  private void download(PullProgress progress) {
    progress.planned(3, 10_000_000L * SECONDS);
    progress.found(20_000_000);
    for (int second = 2; second < SECONDS; second++) {
      screen.passSeconds(1);
      progress.received(10_000_000);
    }
  }

  private PullProgress progress(Terminal terminal) {
    return new PullProgress(
        "a/b",
        new StatusLine(screen.out, terminal, () -> screen.nanos),
        () -> screen.nanos,
        path -> {});
  }
}
