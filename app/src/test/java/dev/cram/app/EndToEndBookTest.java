package dev.cram.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.app.CramProcess.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Killed, damaged, one behind the other: what a person does with files of books. */
class EndToEndBookTest {
  private static final Path MODEL =
      Path.of(System.getProperty("cram.root", ".."), "lm/src/test/resources/fixtures/llama");
  private static final byte[] TEXT =
      "It was late, and the lamp on the table had burned low before anybody came.".getBytes(UTF_8);

  @TempDir private Path streams;
  @TempDir private Path folder;
  private CramProcess cram;
  private Path input;

  @BeforeEach
  void run() throws IOException {
    cram = new CramProcess(streams);
    input = Files.write(folder.resolve("text"), TEXT);
  }

  @Test
  void killedItGoesOnAndTheResultIsTheSame() throws Exception {
    Path undisturbed = folder.resolve("undisturbed.cram");
    assertDone(cram.run(compress(undisturbed)));
    Path output = folder.resolve("text.cram");
    Path journal = folder.resolve("text.cram.journal");

    long size = 0;
    for (int kills = 0; kills < 3; kills++) {
      Process process = cram.start(compress(output));
      // Killed at the first segment that this process has added, or wherever it is then.
      for (int i = 0;
          i < 3000 && process.isAlive() && sizeOf(journal) <= Math.max(size, 500);
          i++) {
        Thread.sleep(20);
      }
      process.destroyForcibly().waitFor();
      size = sizeOf(journal);
    }
    Outcome last = cram.run(compress(output));

    assertDone(last);
    assertThat(output).hasSameBinaryContentAs(undisturbed);
    assertThat(journal).doesNotExist();
  }

  @Test
  void filesOneBehindTheOtherGiveTheirTextsAndAnyRangeOfThem() throws IOException {
    Path one = folder.resolve("one.cram");
    assertDone(cram.run(compress(one)));
    ByteArrayOutputStream twice = new ByteArrayOutputStream();
    twice.writeBytes(Files.readAllBytes(one));
    twice.writeBytes(Files.readAllBytes(one));
    Path both = Files.write(folder.resolve("both.cram"), twice.toByteArray());
    byte[] texts = Arrays.copyOf(TEXT, 2 * TEXT.length);
    System.arraycopy(TEXT, 0, texts, TEXT.length, TEXT.length);

    Outcome all = cram.run("decompress", both.toString(), "-o", "-", "-m", MODEL.toString());
    assertDone(all);
    assertThat(all.out()).isEqualTo(texts);
    Outcome range =
        cram.run(
            "decompress", both.toString(), "-o", "-", "-m", MODEL.toString(), "--range", "60:90");
    assertDone(range);
    assertThat(range.out()).isEqualTo(Arrays.copyOfRange(texts, 60, 90));
    assertThat(cram.run("inspect", both.toString()).out())
        .asString(UTF_8)
        .contains("file 1 of 2", "file 2 of 2", "verified    cram");
  }

  @Test
  void filesOfTwoModelsOneBehindTheOtherNeedTheNameOfOne() throws IOException {
    Path one = folder.resolve("one.cram");
    assertDone(cram.run(compress(one)));
    Path other = folder.resolve("other.cram");
    Path text = Files.writeString(folder.resolve("other"), "Nobody came.");
    assertDone(
        cram.run("compress", text.toString(), "-o", other.toString(), "--max-steps", "3", "-q"));
    ByteArrayOutputStream two = new ByteArrayOutputStream();
    two.writeBytes(Files.readAllBytes(one));
    two.writeBytes(Files.readAllBytes(other));
    Path both = Files.write(folder.resolve("both.cram"), two.toByteArray());

    Outcome all = cram.run("decompress", both.toString(), "-o", "-", "-m", MODEL.toString());

    assertDone(all);
    assertThat(all.out()).asString(UTF_8).isEqualTo(new String(TEXT, UTF_8) + "Nobody came.");
  }

  @Test
  void ofADamagedFileTheRestComesBack() throws IOException {
    Path file = folder.resolve("text.cram");
    assertDone(cram.run(compress(file)));
    byte[] bytes = Files.readAllBytes(file);
    // The vectors of the first segment: behind the header and one row of pieces.
    int header = 8 + (bytes[0] & 0xFF) + 256 * (bytes[1] & 0xFF);
    Arrays.fill(bytes, header + 16, header + 16 + 200, (byte) 0x3F);
    Files.write(file, bytes);
    Path output = folder.resolve("back");
    String[] decompress = {
      "decompress", file.toString(), "-o", output.toString(), "-m", MODEL.toString()
    };

    Outcome refused = cram.run(decompress);
    assertThat(refused.status()).isEqualTo(1);
    assertThat(refused.err()).contains("is damaged");
    assertThat(output).doesNotExist();

    String[] goOn = Arrays.copyOf(decompress, decompress.length + 1);
    goOn[decompress.length] = "--keep-going";
    Outcome rest = cram.run(goOn);
    assertThat(rest.status()).isEqualTo(1);
    assertThat(rest.err()).contains("1 segment of ", "segment 0 (bytes 0 to ", "is damaged");
    assertThat(rest.err().lines()).hasSize(3).allMatch(line -> line.startsWith("cram: "));
    String text = Files.readString(output);
    assertThat(text).startsWith("[... ").contains(" bytes lost ...]");
    assertThat(new String(TEXT, UTF_8)).endsWith(text.substring(text.indexOf(']') + 1));
  }

  private String[] compress(Path output) {
    return new String[] {
      "compress",
      input.toString(),
      "-o",
      output.toString(),
      "-m",
      MODEL.toString(),
      "--max-steps",
      "10"
    };
  }

  private static long sizeOf(Path file) {
    return file.toFile().length();
  }

  private static void assertDone(Outcome outcome) {
    assertThat(outcome.status()).as(outcome.err()).isZero();
  }
}
