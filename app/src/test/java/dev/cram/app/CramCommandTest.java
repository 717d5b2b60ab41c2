package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.container.CramFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CramCommandTest {
  /** No text, so that the model is opened but has nothing to optimise. */
  private static final byte[] ORIGINAL = {(byte) 0xfe, (byte) 0xff, (byte) 0x80};

  @TempDir private Path folder;

  private final InputStream in = System.in;
  private final PrintStream out = System.out;
  private final PrintStream err = System.err;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  private Path input;

  @BeforeEach
  void catchStreams() throws IOException {
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
    input = Files.write(folder.resolve("letter"), ORIGINAL);
  }

  @AfterEach
  void restoreStreams() {
    System.setIn(in);
    System.setOut(out);
    System.setErr(err);
  }

  @Test
  void namesTheOutputsAfterTheInputs() throws IOException {
    assertThat(cram("compress", input.toString())).isZero();
    Files.delete(input);
    assertThat(cram("decompress", input + ".cram")).isZero();

    assertThat(input).hasBinaryContent(ORIGINAL);
  }

  @Test
  void readsAPipe() {
    System.setIn(new ByteArrayInputStream(ORIGINAL));

    assertThat(cram("compress", "-", "-o", folder + "/piped", "--quiet")).isZero();

    assertThat(CramFile.read(folder.resolve("piped")).originalBytes()).isEqualTo(ORIGINAL.length);
    assertThat(errors.size()).isZero();
  }

  @Test
  void doesNotOverwriteUnlessForced() throws IOException {
    Path output = Files.writeString(folder.resolve("kept"), "kept");

    assertThat(cram("compress", input.toString(), "-o", output.toString())).isEqualTo(1);
    assertOneErrorLine("kept exists");
    assertThat(output).hasContent("kept");
    assertThat(cram("compress", input.toString(), "-o", output.toString(), "--force")).isZero();
  }

  @Test
  void saysWhatIsWrongInOneLine() {
    assertThat(cram("compress", folder + "/none")).isEqualTo(1);
    assertOneErrorLine("none does not exist");
    assertThat(cram("compress", folder.toString())).isEqualTo(1);
    assertOneErrorLine("is a folder");
    assertThat(cram("compress", input.toString(), "--model", "none")).isEqualTo(1);
    assertOneErrorLine("none");
    assertThat(cram("decompress", input.toString(), "-o", folder + "/x")).isEqualTo(1);
    assertOneErrorLine("is not a .cram file");
    assertThat(folder.toFile().list()).containsExactly("letter");
  }

  @Test
  void aWrongCommandLineHasItsOwnStatus() {
    assertThat(cram()).isEqualTo(2);
    assertThat(cram("compres")).isEqualTo(2);
    assertThat(cram("compress", "--vectors", "0", input.toString())).isEqualTo(2);
    assertThat(errors.toString(StandardCharsets.UTF_8))
        .contains("'0' is not a whole number of at least 1")
        .doesNotContain("\tat ");
  }

  @Test
  void tooManyThreadsAreNamedWithWhatThereIs() {
    assertThat(cram("compress", "--threads", "100000", input.toString())).isEqualTo(2);
    assertOneErrorLine("100000 is more than the");
  }

  @Test
  void inspectTellsWhatIsInAFile() {
    cram("compress", input.toString());

    assertThat(cram("inspect", input + ".cram", "--segments")).isZero();

    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains("original    3 bytes")
        .contains("model       cram-tiny, 300 wide")
        .contains("raw bytes   3");
  }

  @Test
  void completionKnowsEveryCommand() {
    assertThat(cram("completion")).isZero();
    String script = printed.toString(StandardCharsets.UTF_8);
    assertThat(CramCommand.commandLine().getSubcommands().keySet())
        .hasSizeGreaterThan(10)
        .allSatisfy(command -> assertThat(script).contains("_picocli_cram_" + command + "("));
    assertThat(script).contains("--max-steps", "--json");
  }

  private static int cram(String... args) {
    return CramCommand.run(args);
  }

  private void assertOneErrorLine(String part) {
    String text = errors.toString(StandardCharsets.UTF_8);
    assertThat(text.lines()).hasSize(1);
    assertThat(text).startsWith("cram: ").contains(part);
    errors.reset();
  }
}
