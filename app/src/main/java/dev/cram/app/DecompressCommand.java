package dev.cram.app;

import dev.cram.Cram;
import dev.cram.container.CramFile;
import dev.cram.lm.InputException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "decompress",
    description = "Gives the original file back from a .cram file, and checks that it is the same.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  cram decompress letter.txt.cram                  makes letter.txt",
      "  cram decompress letter.txt.cram -o -             prints it",
      "  cram decompress - < letter.cram > letter.txt     in a pipe",
    })
final class DecompressCommand implements Runnable {
  private static final String SUFFIX = ".cram";

  @Parameters(paramLabel = "FILE.cram", description = "File to decompress; - is standard input.")
  private String input;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description =
          "File to write; - is standard output (default: the input without .cram, or - where the"
              + " input is -).")
  private String output;

  @Option(
      names = {"-f", "--force"},
      description = "Replace an existing output file, or print bytes that are not text.")
  private boolean force;

  @Option(
      names = {"-q", "--quiet"},
      description = "Say nothing but errors.")
  private boolean quiet;

  @Mixin private ModelOptions model;

  @Override
  public void run() {
    CramFile file = CramFile.read(input, InputSource.readAll(input));
    OutputTarget target = OutputTarget.open(outputName(), force);
    try (Cram cram =
            CramCommand.open(
                model.modelOr(file.model().modelId()), file.precision(), model.threads());
        ProgressLine progress = CramCommand.progress(quiet)) {
      byte[] original = cram.decompress(input, file, progress);
      if (target.isStandardOutput()
          && CramCommand.standardOutput().isPresent()
          && !force
          && !isPrintable(original)) {
        throw new InputException(
            input + " holds bytes that are not text; name a file with -o, or print with --force");
      }
      progress.close();
      target.write(original);
    }
  }

  private String outputName() {
    if (output != null) {
      return output;
    }
    if (input.equals(OutputTarget.STANDARD_STREAM)) {
      return input;
    }
    if (!input.endsWith(SUFFIX) || input.length() == SUFFIX.length()) {
      throw new InputException(input + " does not end in .cram; name the output with -o");
    }
    return input.substring(0, input.length() - SUFFIX.length());
  }

  /** UTF-8 without anything that a terminal would take for a command. */
  private static boolean isPrintable(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes))
          .chars()
          .allMatch(c -> c == '\n' || c == '\r' || c == '\t' || !Character.isISOControl(c));
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
