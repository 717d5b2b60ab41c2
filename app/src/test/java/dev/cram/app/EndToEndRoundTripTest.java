package dev.cram.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.app.CramProcess.Outcome;
import dev.cram.container.CramFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command as a process of its own, with the model that ships; see also RoundTripTest. */
class EndToEndRoundTripTest {
  @TempDir private Path streams;
  @TempDir private Path folder;
  private CramProcess cram;

  @BeforeEach
  void run() {
    cram = new CramProcess(streams);
  }

  @Test
  void returnsEveryByteThroughPipes() {
    byte[] text = "A line,\r\n春天来了 🎉".getBytes(UTF_8);
    byte[] original = Arrays.copyOf(text, text.length - 1);

    // Few steps, as each takes time: what is not found gets patched.
    Outcome there = cram.pipe(original, "compress", "-", "--max-steps", "3");
    assertThat(there.status()).as(there.err()).isZero();
    Outcome back = cram.pipe(there.out(), "decompress", "-");

    assertThat(back.status()).as(back.err()).isZero();
    assertThat(back.out()).isEqualTo(original);
    assertThat(back.err()).isEmpty();
  }

  @Test
  void holdsATextInVectorsAloneWithTheDefaultOptions() throws IOException {
    byte[] original = "The old man put down his book.".getBytes(UTF_8);
    Path input = Files.write(folder.resolve("text"), original);
    Path compressed = folder.resolve("text.cram");

    assertThat(cram.run("compress", input.toString()).status()).isZero();
    Files.delete(input);
    assertThat(cram.run("decompress", compressed.toString()).status()).isZero();

    assertThat(input).hasBinaryContent(original);
    assertThat(CramFile.read(compressed).segments())
        .hasSize(1)
        .allSatisfy(segment -> assertThat(segment.patches()).isEmpty())
        .allSatisfy(segment -> assertThat(segment.minMargin()).isGreaterThan(0.05f));
  }
}
