package dev.cram.app;

import dev.cram.CompressOptions;
import dev.cram.Cram;
import dev.cram.CramListener;
import dev.cram.container.CramFile;
import dev.cram.tensor.Precision;
import dev.cram.text.TextTokenizer;
import dev.cram.text.TokenTexts;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    description = "Crams a paragraph while you watch, reads it back, and says what came of it.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  cram demo",
      "  cram demo -o letter.cram --model ~/models/SmolLM2-135M",
    })
final class DemoCommand implements Runnable {
  /** One vector for all of the paragraph is tried too, and shall be given up before it bores. */
  private static final int PATIENCE = 120;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      defaultValue = "demo.cram",
      description = "File to write, replaced if it exists (default: ${DEFAULT-VALUE}).")
  private String output;

  @Mixin private SeedOption seed;

  @Mixin private ModelOptions model;

  @Override
  public void run() {
    byte[] original = paragraph();
    String text = new String(original, StandardCharsets.UTF_8);
    OutputTarget target = OutputTarget.open(output, true);
    CompressOptions options =
        new CompressOptions(
            1,
            CompressOptions.DEFAULT.recipe().withPatience(PATIENCE),
            seed.seed(),
            CompressOptions.DEFAULT.marginGoal());
    PrintStream out = System.out;
    try (Cram cram =
        CramCommand.open(
            model.modelOr(ModelOptions.BUILT_IN_MODEL), Precision.F32, model.threads())) {
      TextTokenizer tokenizer = TextTokenizer.of(cram.lm().tokenizer(), cram.lm().vocabularySize());
      List<String> tokenTexts = TokenTexts.of(tokenizer, tokenizer.encode(text));
      long started = System.nanoTime();
      CramFile file;
      try (LiveView view =
          new LiveView(out, CramCommand.standardOutput(), tokenTexts, System::nanoTime)) {
        file = cram.compressToFewest(text, options, view);
      }
      double compressSeconds = (System.nanoTime() - started) / 1e9;
      byte[] bytes = CramCommand.bytes(file);
      target.write(bytes);

      started = System.nanoTime();
      CramFile written = CramFile.read(output, bytes);
      byte[] restored = cram.decompress(output, written, CramListener.SILENT);
      double decompressSeconds = (System.nanoTime() - started) / 1e9;
      new DemoReport(
              file,
              original,
              bytes.length,
              Arrays.equals(original, restored),
              compressSeconds,
              decompressSeconds)
          .print(output, out);
    }
  }

  private static byte[] paragraph() {
    try (InputStream text = DemoCommand.class.getResourceAsStream("demo.txt")) {
      return text.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
