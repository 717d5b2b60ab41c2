package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.container.CramFile;
import dev.cram.container.ModelIdentity;
import dev.cram.container.Patch;
import dev.cram.container.Section;
import dev.cram.container.Segment;
import dev.cram.tensor.Precision;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class DemoReportTest {
  private static final byte[] TEXT = "Ten chars.".getBytes(StandardCharsets.UTF_8);

  private final Screen screen = new Screen();

  @Test
  void saysThatTheVectorsAreLargerThanTheText() {
    report(List.of(), true).print("letter.cram", screen.out);

    assertThat(screen.written())
        .contains("4 tokens (10 characters) went into 2 vectors of 8 numbers.")
        .contains("exactly, character for character")
        .containsPattern("the text itself +8\\.0 +\\(10 bytes\\)")
        .containsPattern("the vectors alone +51\\.2 +\\(64 bytes\\)")
        .contains("In bytes the vectors lose");
  }

  @Test
  void admitsPatchesAndFailures() {
    report(List.of(new Patch(3, 7)), true).print("letter.cram", screen.out);
    assertThat(screen.written()).contains("exactly but for 1 token, which the file holds");

    screen.clear();
    report(List.of(), false).print("letter.cram", screen.out);
    assertThat(screen.written()).contains("NOT the same text");
  }

  private static DemoReport report(List<Patch> patches, boolean exact) {
    Segment segment = new Segment(4, 2, new float[16], patches, 1f, 30);
    CramFile file =
        CramFile.of(
            new ModelIdentity("m", "w", "t", 8),
            Precision.F32,
            "r",
            1,
            TEXT,
            List.of(new Section.Run(List.of(segment))));
    return new DemoReport(file, TEXT, 500, exact, 1, 1);
  }
}
