package dev.cram.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.app.CramProcess.Outcome;
import dev.cram.container.CramFile;
import dev.cram.container.Segment;
import dev.cram.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of many kinds, compressed and decompressed by the command, byte for byte. */
class EndToEndRoundTripTest {
  private static final byte[] CHINESE = "春天来了，老槐树又发芽。".getBytes(UTF_8);

  /** Few of them, as every step of an optimisation takes time: what is not found gets patched. */
  private static final String FEW_STEPS = "10";

  private static final Map<String, byte[]> FILES =
      Map.of(
          "empty", new byte[0],
          "one byte", new byte[] {'x'},
          "random bytes", randomBytes(100_000),
          "source code with line ends of Windows",
              "while (i < n) {\r\n\tsum += a[i++];\r\n}\r\n".getBytes(UTF_8),
          "Chinese", CHINESE,
          "Arabic and emoji", "صباح الخير 🎉👨‍👩‍👧".getBytes(UTF_8),
          "cut inside a character", Arrays.copyOf(CHINESE, CHINESE.length - 1),
          "one word again and again", "river ".repeat(20).getBytes(UTF_8));

  @TempDir private Path streams;
  @TempDir private Path folder;
  private CramProcess cram;
  private Path compressed;

  @BeforeEach
  void run() {
    cram = new CramProcess(streams);
    compressed = folder.resolve("text.cram");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "empty",
        "one byte",
        "random bytes",
        "source code with line ends of Windows",
        "Chinese",
        "Arabic and emoji",
        "cut inside a character",
        "one word again and again",
      })
  void returnsEveryByteThroughPipes(String name) {
    byte[] original = FILES.get(name);

    Outcome there = cram.pipe(original, "compress", "-", "--max-steps", FEW_STEPS);
    assertThat(there.status()).as(there.err()).isZero();
    Outcome back = cram.pipe(there.out(), "decompress", "-");

    assertThat(back.status()).as(back.err()).isZero();
    assertThat(back.out()).isEqualTo(original);
    assertThat(back.err()).isEmpty();
  }

  @Test
  void holdsATextInVectorsAloneWithTheDefaultOptions() throws IOException {
    byte[] original = "The old man put down his book and looked out at the rain.".getBytes(UTF_8);
    Path input = Files.write(folder.resolve("text"), original);

    assertThat(cram.run("compress", input.toString()).status()).isZero();
    Files.delete(input);
    assertThat(cram.run("decompress", compressed.toString()).status()).isZero();

    assertThat(input).hasBinaryContent(original);
    assertThat(CramFile.read(compressed).segments())
        .hasSizeBetween(1, 2)
        .allSatisfy(segment -> assertThat(segment.patches()).isEmpty());
  }

  @Test
  void decompressesWithThePrecisionOfTheFileAndAnyNumberOfThreads() throws IOException {
    byte[] original = "It was late, and the lamps were lit.\n".getBytes(UTF_8);

    Outcome there =
        cram.pipe(
            original,
            "compress",
            "-",
            "-o",
            compressed.toString(),
            "--precision",
            "bf16",
            "--vectors",
            "2",
            "--threads",
            "2",
            "--max-steps",
            FEW_STEPS);
    assertThat(there.status()).as(there.err()).isZero();
    Outcome back = cram.run("decompress", compressed.toString(), "-o", "-", "--threads", "1");

    assertThat(back.out()).isEqualTo(original);
    CramFile file = CramFile.read(compressed);
    assertThat(file.precision()).isEqualTo(Precision.BF16);
    assertThat(file.segments()).extracting(Segment::vectorCount).containsOnly(2);
  }

  @Test
  void oneThreadAndOneSeedGiveOneFile() {
    byte[] original = "Nobody knew his name.".getBytes(UTF_8);
    String[] command = {"compress", "-", "--threads", "1", "--seed", "7", "--max-steps", FEW_STEPS};

    byte[] first = cram.pipe(original, command).out();

    assertThat(first).isNotEmpty().isEqualTo(cram.pipe(original, command).out());
  }

  private static byte[] randomBytes(int length) {
    byte[] bytes = new byte[length];
    new Random(5).nextBytes(bytes);
    return bytes;
  }
}
