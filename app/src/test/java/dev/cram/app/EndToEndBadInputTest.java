package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cram.app.CramProcess.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What the command does with what it cannot use: one line, a status, and no file touched. */
class EndToEndBadInputTest {
  private static final String KEPT = "what was there before";

  @TempDir private Path streams;
  @TempDir private Path folder;
  private CramProcess cram;
  private Path input;
  private Path output;

  @BeforeEach
  void run() throws IOException {
    cram = new CramProcess(streams);
    input = Files.writeString(folder.resolve("input"), "Nobody knew his name.");
    output = Files.writeString(folder.resolve("output"), KEPT);
  }

  @Test
  void namesAFileThatDoesNotExist() {
    assertRefused("none does not exist", "compress", folder + "/none", "-o", output.toString());
  }

  @Test
  void refusesAModelWithoutConfig() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));

    assertRefused("has no config.json", "compress", input.toString(), "--model", model.toString());
  }

  @Test
  void refusesMoreVectorsThanTheModelHasPositions() {
    assertRefused("2048 positions", "compress", input.toString(), "--vectors", "4096");
  }

  @Test
  void refusesOptionsThatWouldHaveNoEffect() {
    String database = folder.resolve("x.db").toString();
    assertRefused("--spark needs --master", "measure", "--spark", "a=b", "--database", database);
  }

  @Test
  void tellsAWrongOptionInOneLine() {
    assertRefused("--vektors", "compress", input.toString(), "--vektors", "2");
  }

  @Test
  void takesAnArgumentWithAnAtSignForAFilesName() {
    assertRefused("@" + folder + " does not exist", "compress", "@" + folder);
  }

  @Test
  void compressesWhatTheKernelSaysIsEmpty() throws IOException {
    Path version = Path.of("/proc/version");
    assumeTrue(Files.exists(version));
    Outcome compressed =
        cram.run("compress", version.toString(), "-o", "-", "-q", "--max-steps", "1");
    assertThat(compressed.status()).as(compressed.err()).isZero();

    Outcome back = cram.pipe(compressed.out(), "decompress", "-", "-q");

    assertThat(back.out()).isNotEmpty().isEqualTo(Files.readAllBytes(version));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void refusesWeightsThatAreAPipe() throws Exception {
    Path model = folder.resolve("pipe.gguf");
    assertThat(new ProcessBuilder("mkfifo", model.toString()).start().waitFor()).isZero();

    assertRefused("is no regular file", "compress", input.toString(), "-m", model.toString());
  }

  @Test
  void keepsResultsInAFileOrRefuses() {
    assertRefused(
        "a database has no name", "measure", "--source", "random", "-n", "8", "--database", "");
  }

  @Test
  void refusesADamagedFileAndKeepsTheOutput() throws IOException {
    Path compressed = folder.resolve("input.cram");
    Outcome made =
        cram.pipe(new byte[] {-1, -2, -3}, "compress", "-", "-o", compressed.toString(), "-q");
    assertThat(made.status()).as(made.err()).isZero();
    byte[] bytes = Files.readAllBytes(compressed);
    bytes[bytes.length / 2] ^= 4;
    Files.write(compressed, bytes);

    assertRefused(
        "input.cram", "decompress", compressed.toString(), "-o", output.toString(), "--force");
  }

  @Test
  void saysWhenStandardOutputIsFull() throws Exception {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full));
    Process process = cram.startInto(full, "completion");

    Outcome outcome = cram.await(process);

    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err().lines()).hasSize(1);
    assertThat(outcome.err()).startsWith("cram: standard output");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void leavesNoHalfWrittenFileButAJournalToGoOnFromWhenStopped() throws Exception {
    Files.writeString(input, "Nobody knew his name, nor where he came from. ".repeat(100));
    Process process = cram.start("compress", input.toString(), "-o", output.toString(), "--force");
    // Long enough to be at work, and far from what so long a text takes.
    assertThat(process.waitFor(3, TimeUnit.SECONDS)).as(cram.stderr()).isFalse();

    process.destroy();

    assertThat(cram.await(process).status()).isNotZero();
    assertThat(output).hasContent(KEPT);
    // On a slow machine no segment may have ended yet, and there is nothing to keep.
    assertThat(folder.toFile().list())
        .contains("input", "output")
        .isSubsetOf("input", "output", "output.journal");
  }

  private void assertRefused(String part, String... args) {
    String[] before = folder.toFile().list();

    Outcome outcome = cram.run(args);

    assertThat(outcome.status()).isBetween(1, 2);
    assertThat(outcome.err().lines()).as(outcome.err()).hasSize(1);
    assertThat(outcome.err()).startsWith("cram: ").contains(part);
    assertThat(outcome.out()).isEmpty();
    assertThat(output).hasContent(KEPT);
    assertThat(folder.toFile().list()).containsExactlyInAnyOrder(before);
  }
}
