package dev.cram.container;

import static dev.cram.container.CramFileExamples.assertSame;
import static dev.cram.container.CramFileExamples.bytes;
import static dev.cram.container.CramFileExamples.small;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import dev.cram.lm.files.SafetensorsFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files one behind the other, and damaged ones. */
class CramPartsTest {
  @Test
  void filesOneBehindTheOtherAreRead(@TempDir Path folder) throws IOException {
    byte[] one = bytes(small());
    Path both = folder.resolve("both.cram");
    Files.write(both, joined(one, one));

    List<CramParts.Part> parts = CramParts.read(both, false);

    assertThat(parts).hasSize(2);
    for (int i = 0; i < 2; i++) {
      CramParts.Part part = parts.get(i);
      assertThat(part.name()).isEqualTo(both + ", file " + (i + 1));
      assertThat(part.bytes()).isEqualTo(one.length);
      assertSame(part.file(), small());
    }
  }

  @Test
  void whatFollowsAFileMustBeAFile() {
    byte[] one = bytes(small());

    assertThatThrownBy(() -> CramParts.read("x.cram", joined(one, new byte[] {1, 2, 3}), false))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll("x.cram, file 2: ", "the " + one.length + " bytes before it");
    assertThatThrownBy(
            () -> CramParts.read("x.cram", joined(one, Arrays.copyOf(one, one.length - 1)), false))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll("x.cram, file 2: ", "cut short");
  }

  @Test
  void aDamagedFileIsReadOnlyWhereThatIsTolerated() {
    byte[] damaged = bytes(small());
    SafetensorsFile file = SafetensorsFile.of("x", MemorySegment.ofArray(damaged.clone()));
    long dataBytes = file.names().stream().mapToLong(n -> file.tensor(n).data().byteSize()).sum();
    int vectors = (int) (damaged.length - dataBytes) + 48; // behind three pieces
    Arrays.fill(damaged, vectors, vectors + 4, (byte) 0xFF);

    assertThatThrownBy(() -> CramParts.read("x.cram", damaged, false))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("damaged");

    CramParts.Part part = CramParts.read("x.cram", damaged, true).getFirst();
    assertThat(part.fault().orElseThrow()).contains("is damaged");
    // NaN is in the first segment's vector, which becomes zeros; the others are what they were.
    assertThat(part.file().segments().getFirst().vectors().values()).containsOnly(0f);
    assertThat(part.file().segments().get(1).vectors().values())
        .isEqualTo(small().segments().get(1).vectors().values());
    assertThat(CramParts.read("x.cram", bytes(small()), true).getFirst().fault()).isEmpty();
  }

  @Test
  void whatStandsBeforeAFileThatIsCutShortIsReadWhereThatIsTolerated() {
    byte[] one = bytes(small());

    List<CramParts.Part> parts =
        CramParts.read("x.cram", joined(one, Arrays.copyOf(one, one.length / 9)), true);

    assertThat(parts).hasSize(1);
    assertSame(parts.getFirst().file(), small());
    assertThat(parts.getFirst().fault().orElseThrow())
        .startsWith("what follows is lost: x.cram, file 2: ");
  }

  private static byte[] joined(byte[] first, byte[] second) {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(first);
    both.writeBytes(second);
    return both.toByteArray();
  }
}
