package dev.cram.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.container.CramFile;
import dev.cram.container.Segment;
import dev.cram.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files of every kind, compressed and decompressed by the command, byte for byte. The model is tiny
 * and random, and steps are few, so most tokens get patched: what matters here are the bytes.
 */
class RoundTripTest {
  private static final Path MODEL =
      Path.of(System.getProperty("cram.root", ".."), "lm/src/test/resources/fixtures/llama");
  private static final byte[] CHINESE = "春天来了，老槐树又发芽。".getBytes(UTF_8);

  @TempDir private Path folder;
  private Path input;
  private Path compressed;

  static Stream<Arguments> files() {
    byte[] random = new byte[100_000];
    new Random(5).nextBytes(random);
    return Stream.of(
        Arguments.of("empty", new byte[0]),
        Arguments.of("one byte", new byte[] {'x'}),
        Arguments.of("random bytes", random),
        Arguments.of(
            "source code with line ends of Windows",
            "while (i < n) {\r\n\tsum += a[i++];\r\n}\r\n".getBytes(UTF_8)),
        Arguments.of("Chinese", CHINESE),
        Arguments.of("Arabic and emoji", "صباح الخير 🎉👨‍👩‍👧".getBytes(UTF_8)),
        Arguments.of("cut inside a character", Arrays.copyOf(CHINESE, CHINESE.length - 1)),
        Arguments.of("one word again and again", "river ".repeat(50).getBytes(UTF_8)));
  }

  @BeforeEach
  void name() {
    input = folder.resolve("text");
    compressed = folder.resolve("text.cram");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void everyByteComesBack(String name, byte[] original) throws IOException {
    Files.write(input, original);

    compress();

    assertThat(restored()).isEqualTo(original);
  }

  @Test
  void theFileSaysWithWhatPrecisionItIsDecompressed() throws IOException {
    Files.writeString(input, "It was late, and the lamps were lit.\n");

    compress("--precision", "bf16", "--vectors", "2", "--threads", "2");

    CramFile file = CramFile.read(compressed);
    assertThat(file.precision()).isEqualTo(Precision.BF16);
    assertThat(file.segments()).extracting(Segment::vectorCount).containsOnly(2);
    assertThat(restored("--threads", "1")).isEqualTo(Files.readAllBytes(input));
  }

  @Test
  void theSeedAloneDecidesWhatTheFileIs() throws IOException {
    Files.writeString(input, "Nobody knew his name, nor where he came from, nor why.");
    compress("--threads", "1", "--seed", "7");
    byte[] first = Files.readAllBytes(compressed);

    compress("--threads", "3", "--seed", "7");
    assertThat(compressed).hasBinaryContent(first);
    compress("--threads", "3", "--seed", "8");
    assertThat(Files.readAllBytes(compressed)).isNotEqualTo(first);
  }

  private void compress(String... options) {
    run(List.of("compress", input.toString(), "--force", "--max-steps", "10"), options);
  }

  private byte[] restored(String... options) throws IOException {
    Path restored = folder.resolve("restored");
    run(List.of("decompress", compressed.toString(), "-o", restored.toString()), options);
    return Files.readAllBytes(restored);
  }

  private static void run(List<String> command, String... options) {
    List<String> args = new ArrayList<>(command);
    args.addAll(List.of("--quiet", "--model", MODEL.toString()));
    args.addAll(List.of(options));
    assertThat(CramCommand.run(args.toArray(String[]::new))).isZero();
  }
}
