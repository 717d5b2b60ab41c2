package dev.cram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.container.Patch;
import dev.cram.container.Segment;
import dev.cram.container.Vectors;
import dev.cram.lm.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JournalTest {
  private static final List<String> IDENTITY = List.of("text abc", "seed 1");

  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void path() {
    path = folder.resolve("book.cram.journal");
  }

  @Test
  void whatWasKeptIsThereForTheNextProcess() {
    try (Journal journal = Journal.open(path, IDENTITY)) {
      Segment kept = journal.keep(0, 7, segment(0));
      assertThat(kept.vectors().values()).isEqualTo(segment(0).vectors().values());
      journal.keep(5, 9, segment(1));
      journal.keepStretch(0, 14);
    }
    try (Journal journal = Journal.open(path, IDENTITY)) {
      for (int i = 0; i < 2; i++) {
        Segment segment = journal.get(5 * i, 7 + 2 * i);
        assertThat(segment.vectors().values()).isEqualTo(segment(i).vectors().values());
        assertThat(segment.vectors().scales()).isEqualTo(segment(i).vectors().scales());
        assertThat(segment.withVectors(segment(i).vectors())).isEqualTo(segment(i));
      }
      assertThat(journal.stretch(0)).isEqualTo(14);
      assertThat(journal.get(0, 8)).as("another length was wanted").isNull();
      assertThat(journal.get(0, 0)).as("any length").isNotNull();
      assertThat(journal.get(1, 7)).isNull();
      assertThat(journal.secondsBefore()).isPositive();
      journal.delete();
    }
    assertThat(path).doesNotExist();
  }

  @Test
  void cutAnywhereItKeepsTheWholeRecordsBefore() throws IOException {
    long[] ends = new long[3];
    try (Journal journal = Journal.open(path, IDENTITY)) {
      ends[0] = Files.size(path);
      for (int i = 0; i < 2; i++) {
        journal.keep(5 * i, 7, segment(i));
        ends[i + 1] = Files.size(path);
      }
    }
    byte[] whole = Files.readAllBytes(path);
    for (int length = 0; length <= whole.length; length++) {
      Files.write(path, Arrays.copyOf(whole, length));
      try (Journal journal = Journal.open(path, IDENTITY)) {
        for (int i = 0; i < 2; i++) {
          assertThat(journal.get(5 * i, 7) != null)
              .as("segment %d of %d bytes", i, length)
              .isEqualTo(length >= ends[i + 1]);
        }
        // It goes on behind what is whole.
        journal.keep(100, 1, segment(0));
      }
      try (Journal journal = Journal.open(path, IDENTITY)) {
        assertThat(journal.get(100, 1).vectors().values()).isEqualTo(segment(0).vectors().values());
      }
    }
  }

  @Test
  void aDamagedRecordEndsWhatIsKept() throws IOException {
    long end;
    try (Journal journal = Journal.open(path, IDENTITY)) {
      journal.keep(0, 7, segment(0));
      end = Files.size(path);
      journal.keep(5, 7, segment(1));
    }
    byte[] whole = Files.readAllBytes(path);
    for (int at = (int) end; at < whole.length; at++) {
      byte[] damaged = whole.clone();
      damaged[at] ^= 4;
      Files.write(path, damaged);
      try (Journal journal = Journal.open(path, IDENTITY)) {
        assertThat(journal.get(0, 7)).isNotNull();
        assertThat(journal.get(5, 7)).isNull();
      }
    }
  }

  @Test
  void anotherTextOrOptionIsRefusedAndTheJournalStays() throws IOException {
    try (Journal journal = Journal.open(path, IDENTITY)) {
      journal.keep(0, 7, segment(0));
    }
    byte[] before = Files.readAllBytes(path);

    assertThatThrownBy(() -> Journal.open(path, List.of("text abc", "seed 2")))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(path + ": ")
        .hasMessageContainingAll("another seed", "delete it to begin anew");
    assertThatThrownBy(() -> Journal.open(path, List.of("text abc", "seed 1", "bits 3")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("another bits");

    assertThat(path).hasBinaryContent(before);
  }

  @Test
  void vectorsStayOnDisk() {
    int width = 2048;
    List<Segment> segments = new ArrayList<>();
    try (Journal journal = Journal.open(path, IDENTITY)) {
      long before = usedMemory();
      for (int i = 0; i < 4_000; i++) {
        float[] values = new float[width];
        values[0] = i;
        segments.add(journal.keep(i, 1, new Segment(1, 1, values, List.of(), 1, 1)));
      }
      // 33 MB of vectors; what stays is some 200 bytes a segment.
      assertThat(usedMemory() - before).isLessThan(5_000_000);
      assertThat(segments.get(1234).vectors().values()[0]).isEqualTo(1234);
    }
  }

  private static long usedMemory() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  @Test
  void nothingIsLeftWhereNothingWasKept() {
    Journal.open(path, IDENTITY).close();

    assertThat(path).doesNotExist();
  }

  @Test
  void aJournalWhoseBeginningIsDamagedStays() throws IOException {
    try (Journal journal = Journal.open(path, IDENTITY)) {
      journal.keep(0, 7, segment(0));
    }
    byte[] damaged = Files.readAllBytes(path);
    damaged[new String(damaged, StandardCharsets.ISO_8859_1).indexOf("abc")] ^= 1;
    Files.write(path, damaged);

    assertThatThrownBy(() -> Journal.open(path, IDENTITY))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is damaged");

    assertThat(path).hasBinaryContent(damaged);
  }

  @ParameterizedTest
  @ValueSource(strings = {"my precious diary of last summer", "hello", "\n"})
  void whatIsNoJournalIsRefusedAndStays(String diary) throws IOException {
    Files.writeString(path, diary);

    assertThatThrownBy(() -> Journal.open(path, IDENTITY))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is not a journal of cram compress");

    assertThat(path).hasBinaryContent(diary.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void oneProcessAtATimeUsesIt() {
    try (Journal journal = Journal.open(path, IDENTITY)) {
      assertThat(journal.get(0, 0)).isNull();
      assertThatThrownBy(() -> Journal.open(path, IDENTITY))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("another process is compressing to the same output");
    }
  }

  private static Segment segment(int number) {
    float[] values = {number, -2, 0.5f, Float.MIN_VALUE};
    float[] scales = number == 0 ? new float[0] : new float[] {1, 0.25f};
    return new Segment(
        5,
        2,
        Vectors.of(values, scales),
        number == 0 ? List.of() : List.of(new Patch(1, 9), new Patch(4, 0)),
        0.125f,
        77,
        0xFFFF_FFFFL,
        Segment.UNKNOWN);
  }
}
