package dev.cram.lm.files.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.lm.InputException;
import dev.cram.lm.files.StoredWeight;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Damaged files are refused in one line, or read: nothing else may happen. */
class GgufPropertyTest {
  private final byte[] types = read("types.gguf");
  private final byte[] tokenizer = read("spm-prefix.gguf");

  private static byte[] read(String name) {
    try {
      return Files.readAllBytes(Path.of("src/test/resources/gguf", name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The table of tensors ends within the first 1024 bytes. */
  @Property(tries = 2000)
  void damagedTables(
      @ForAll @IntRange(max = 1023) int at,
      @ForAll byte value,
      @ForAll @IntRange(max = 15) int distance,
      @ForAll byte other) {
    byte[] damaged = types.clone();
    damaged[at] = value;
    damaged[at + distance] = other;
    readAll(damaged);
  }

  @Property(tries = 1000)
  void truncatedTables(@ForAll @IntRange(max = 6000) int length) {
    readAll(Arrays.copyOf(types, length));
  }

  @Property(tries = 500)
  void damagedTokenizers(
      @ForAll @IntRange(max = 18_000) int at, @ForAll byte value, @ForAll byte next) {
    byte[] damaged = tokenizer.clone();
    damaged[at] = value;
    damaged[at + 1] = next;
    readAll(damaged);
  }

  private static void readAll(byte[] bytes) {
    try (GgufFile file = GgufFile.of("model.gguf", MemorySegment.ofArray(bytes))) {
      for (GgufTensor tensor : file.tensors().values()) {
        long elements = tensor.rows() * tensor.cols();
        assertThat(elements).isLessThan(32L * bytes.length);
        StoredWeight weight = new GgufWeight("model.gguf", tensor, GgufWeight.Change.NONE, 1);
        weight.decode(MemorySegment.ofArray(new float[(int) elements]), null);
      }
      if (file.metadata().has(GgufTokenizer.TOKENS)) {
        GgufTokenizer.json(file.metadata());
      }
    } catch (InputException e) {
      assertThat(e).hasMessageStartingWith("model.gguf: ").message().hasLineCount(1);
    }
  }
}
