package dev.cram.app;

import dev.cram.Cram;
import dev.cram.Restored;
import dev.cram.container.CramFile;
import dev.cram.container.CramParts;
import dev.cram.container.ModelIdentity;
import dev.cram.lm.InputException;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "decompress",
    description =
        "Gives the original file back from a .cram file, and checks that it is the same. Several in one"
            + " file (cat a.cram b.cram) give their texts one after the other.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  cram decompress letter.txt.cram                  makes letter.txt",
      "  cram decompress letter.txt.cram -o -             prints it",
      "  cram decompress book.cram -o - --range 5000:6000",
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

  @Option(
      names = "--range",
      paramLabel = "FROM:TO",
      converter = ByteRange.Converter.class,
      description =
          "Give back these bytes only, from 0 on and without TO; the rest is not decoded. Either may"
              + " be left out.")
  private ByteRange range = ByteRange.ALL;

  @Option(
      names = "--keep-going",
      description =
          "Where a part does not decode to its text, or the file is damaged, write what comes back,"
              + " with a remark in place of what does not; the exit status is 1 all the same.")
  private boolean keepGoing;

  @Mixin private ModelOptions model;

  @Override
  public void run() {
    List<CramParts.Part> parts = CramCommand.parts(input, keepGoing);
    OutputTarget target = OutputTarget.open(outputName(), force);
    List<String> faults = new ArrayList<>();
    if (target.isStandardOutput()) {
      // Checked before any of it is shown.
      ByteArrayOutputStream text = new ByteArrayOutputStream();
      decompress(parts, text, faults);
      byte[] bytes = text.toByteArray();
      if (CramCommand.standardOutput().isPresent()
          && !force
          && !isPrintable(bytes, !range.isAll())) {
        throw new InputException(
            input + " holds bytes that are not text; name a file with -o, or print with --force");
      }
      target.write(bytes);
    } else {
      target.write((OutputStream out) -> decompress(parts, out, faults));
    }
    if (!faults.isEmpty()) {
      faults.forEach(fault -> System.err.println("cram: " + InputException.oneLine(fault)));
      throw new InputException(input + ": what came back may not be all of the original");
    }
  }

  /** Writes the texts of all files, one after the other, and notes what is wrong with them. */
  private void decompress(List<CramParts.Part> parts, OutputStream out, List<String> faults) {
    Cram cram = null;
    try (ProgressLine progress = CramCommand.progress(quiet)) {
      long at = 0;
      for (CramParts.Part part : parts) {
        CramFile file = part.file();
        ByteRange own = range.in(at);
        at += file.originalBytes();
        if (own.begin() >= own.end() || (own.begin() >= file.originalBytes() && !range.isAll())) {
          continue;
        }
        if (cram == null || !serves(cram, file)) {
          if (cram != null) {
            cram.close();
            cram = null;
          }
          cram = open(model.modelOr(file.model().modelId()), file);
          if (parts.size() > 1 && !serves(cram, file)) {
            // The model that was named is that of another part.
            cram.close();
            cram = null;
            cram = open(file.model().modelId(), file);
          }
        }
        Restored restored =
            cram.decompress(part.name(), file, own.begin(), own.end(), keepGoing, out, progress);
        addFaults(part, restored, faults);
      }
    } finally {
      if (cram != null) {
        cram.close();
      }
    }
  }

  private Cram open(String name, CramFile file) {
    return CramCommand.open(name, file.precision(), model.threads());
  }

  private static boolean serves(Cram cram, CramFile file) {
    ModelIdentity made = file.model();
    return cram.lm().precision() == file.precision()
        && cram.identity().weightFingerprint().equals(made.weightFingerprint())
        && cram.identity().tokenizerFingerprint().equals(made.tokenizerFingerprint());
  }

  private static void addFaults(CramParts.Part part, Restored restored, List<String> faults) {
    if (!restored.lost().isEmpty()) {
      int segments = restored.lost().stream().mapToInt(Restored.Lost::segments).sum();
      faults.add(
          part.name()
              + ": "
              + Spoken.count(segments, "segment")
              + " of "
              + Spoken.number(part.file().segments().size())
              + " did not decode to their text: "
              + String.join(", ", restored.lost().stream().map(Object::toString).toList())
              + "; the rest is written");
    } else if (!restored.isOriginal()) {
      faults.add(
          part.name()
              + ": what is written is not the original (SHA-256 differs), though no segment is at"
              + " fault that can be named");
    }
    part.fault().ifPresent(fault -> faults.add(part.name() + ": " + fault));
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

  /**
   * UTF-8 without anything that a terminal would take for a command.
   *
   * @param isPart whether it may begin and end within a character
   */
  private static boolean isPrintable(byte[] bytes, boolean isPart) {
    int begin = 0;
    while (isPart && begin < Math.min(3, bytes.length) && (bytes[begin] & 0xc0) == 0x80) {
      begin++;
    }
    for (int cut = 0; cut <= (isPart ? Math.min(3, bytes.length - begin) : 0); cut++) {
      if (isPrintable(Arrays.copyOfRange(bytes, begin, bytes.length - cut))) {
        return true;
      }
    }
    return false;
  }

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
