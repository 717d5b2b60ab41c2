package dev.cram.app;

import dev.cram.container.CramFile;
import dev.cram.container.CramParts;
import dev.cram.container.Grid;
import dev.cram.container.ModelIdentity;
import dev.cram.container.Section;
import dev.cram.container.Segment;
import dev.cram.lm.InputException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "inspect",
    description =
        "Says what is in a .cram file, without its model; whether it is undamaged is checked.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  cram inspect letter.txt.cram",
      "  cram inspect --segments letter.txt.cram     one line for each segment",
    })
final class InspectCommand implements Runnable {
  @Parameters(paramLabel = "FILE.cram", description = "File to look into; - is standard input.")
  private String input;

  @Option(
      names = {"-s", "--segments"},
      description = "List the segments too.")
  private boolean listSegments;

  @Override
  public void run() {
    List<CramParts.Part> parts = CramCommand.parts(input, false);
    for (int i = 0; i < parts.size(); i++) {
      if (parts.size() > 1) {
        System.out.printf("%sfile %d of %d%n", i == 0 ? "" : "%n".formatted(), i + 1, parts.size());
      }
      CramFile file = parts.get(i).file();
      print(file, parts.get(i).bytes(), System.out);
      if (listSegments) {
        printSegments(file, System.out);
      }
    }
  }

  private static void print(CramFile file, long fileBytes, PrintStream out) {
    ModelIdentity model = file.model();
    List<Segment> segments = file.segments();
    long tokens = segments.stream().mapToLong(Segment::tokenCount).sum();
    long vectors = segments.stream().mapToLong(Segment::vectorCount).sum();
    long patches = segments.stream().mapToLong(s -> s.patches().size()).sum();
    long rawBytes =
        file.sections().stream()
            .mapToLong(s -> s instanceof Section.Raw raw ? raw.bytes().length : 0)
            .sum();
    row(out, "original", Spoken.count(file.originalBytes(), "byte"));
    row(out, "file", Spoken.count(fileBytes, "byte") + ", undamaged");
    row(out, "model", model.modelId() + ", " + model.width() + " wide");
    row(out, "weights", model.weightFingerprint());
    row(out, "tokenizer", model.tokenizerFingerprint());
    row(out, "precision", file.precision().name().toLowerCase(Locale.ROOT));
    row(out, "verified", file.verified().toString());
    row(out, "recipe", file.recipe() + ", seed " + file.seed());
    row(out, "segments", Spoken.number(segments.size()));
    row(out, "tokens", Spoken.number(tokens) + perVector(tokens, vectors));
    row(
        out,
        "vectors",
        Spoken.number(vectors)
            + ", "
            + Spoken.count(vectorBytes(vectors, file), "byte")
            + (file.vectorBits() == Grid.FLOAT_BITS
                ? ""
                : ", " + file.vectorBits() + " bits an element"));
    row(out, "margin", margin(segments));
    row(out, "patches", Spoken.number(patches) + " (tokens stored as they are)");
    row(out, "raw bytes", Spoken.number(rawBytes) + " (not held by vectors)");
    row(out, "sha-256", file.originalSha256() + " (of the original)");
  }

  private static long vectorBytes(long vectors, CramFile file) {
    long width = file.model().width();
    return file.vectorBits() == Grid.FLOAT_BITS
        ? 4 * vectors * width
        : vectors * (Math.ceilDiv(width * file.vectorBits(), 8L) + 2);
  }

  private static void row(PrintStream out, String name, String value) {
    out.printf("%-10s  %s%n", name, InputException.oneLine(value));
  }

  private static String perVector(long tokens, long vectors) {
    return vectors == 0
        ? ""
        : String.format(Locale.ROOT, ", %.1f a vector", (double) tokens / vectors);
  }

  private static String margin(List<Segment> segments) {
    double[] margins = segments.stream().mapToDouble(Segment::minMargin).sorted().toArray();
    if (margins.length == 0) {
      return "none (no segments)";
    }
    return String.format(
        Locale.ROOT,
        "%.3f logits at the narrowest, %.3f in the median segment",
        margins[0],
        margins[margins.length / 2]);
  }

  private static void printSegments(CramFile file, PrintStream out) {
    out.printf(
        "%n%8s %10s %8s %8s %8s %8s %8s %8s%n",
        "segment", "from byte", "bytes", "tokens", "vectors", "steps", "margin", "patches");
    boolean known = file.hasOffsets();
    long at = 0;
    int number = 0;
    for (Section section : file.sections()) {
      switch (section) {
        case Section.Raw raw -> at += raw.bytes().length;
        case Section.Run run -> {
          for (Segment s : run.segments()) {
            out.printf(
                Locale.ROOT,
                "%8d %10s %8s %8d %8d %8d %8.3f %8d%n",
                number++,
                known ? Long.toString(at) : "?",
                known ? Integer.toString(s.bytes()) : "?",
                s.tokenCount(),
                s.vectorCount(),
                s.steps(),
                s.minMargin(),
                s.patches().size());
            at += s.bytes();
          }
        }
      }
    }
  }
}
