package dev.cram.app;

import dev.cram.CompressOptions;
import dev.cram.Cram;
import dev.cram.container.CramFile;
import dev.cram.container.Section;
import dev.cram.container.Segment;
import dev.cram.lm.InputException;
import dev.cram.text.Original;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "compress",
    description = "Turns a file into vectors from which it comes back byte for byte.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  cram compress letter.txt                       makes letter.txt.cram",
      "  cram compress letter.txt -o l.cram --bits 16",
      "  cram compress letter.txt --model EleutherAI/pythia-160m     see cram pull",
      "  cram compress book.txt --budget 2h             stopped, the same command goes on",
      "  cram compress - < letter.txt > letter.cram     in a pipe",
    })
final class CompressCommand implements Runnable {
  @Parameters(paramLabel = "FILE", description = "File to compress; - is standard input.")
  private String input;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description =
          "File to write; - is standard output (default: the input with .cram added, or - where"
              + " the input is -).")
  private String output;

  @Option(
      names = {"-f", "--force"},
      description = "Replace an existing output file.")
  private boolean force;

  @Option(
      names = {"-q", "--quiet"},
      description = "Say nothing but errors.")
  private boolean quiet;

  @Option(
      names = "--budget",
      paramLabel = "TIME",
      converter = Duration.class,
      description =
          "About how long it shall take, such as 90s, 30m or 2h: fewer vectors where there is time,"
              + " more where there is not. What no time is left for is kept as it is. The result"
              + " then depends on the machine's speed.")
  private Double budget;

  @Mixin private OptimiserOptions optimiser;
  @Mixin private ModelOptions model;

  @Override
  public void run() {
    long started = System.nanoTime();
    boolean fromPipe = input.equals(OutputTarget.STANDARD_STREAM);
    String outputName = output != null ? output : fromPipe ? input : input + ".cram";
    CompressOptions options = optimiser.options().withBudget(budget == null ? 0 : budget);
    // A file is opened, and a pipe is read only once the model is open: what is wrong is told
    // early.
    Original file = fromPipe ? null : InputSource.open(input);
    OutputTarget target = OutputTarget.open(outputName, force);
    if (target.isStandardOutput() && CramCommand.standardOutput().isPresent()) {
      throw new InputException(
          "a .cram file is not text, so it is not written to a terminal; name a file with -o");
    }
    try (Cram cram =
            CramCommand.open(
                model.modelOr(ModelOptions.BUILT_IN_MODEL),
                optimiser.precision(),
                model.threads());
        Original original = file != null ? file : Original.of(InputSource.readAll(input));
        ProgressLine progress = CramCommand.progress(quiet)) {
      Consumer<CramFile> result =
          made -> {
            target.write(made::write);
            progress.close();
            if (!quiet) {
              System.err.println(
                  "cram: " + summary(made, target, (System.nanoTime() - started) / 1e9));
            }
          };
      cram.compress(original, options, target.journal(), progress, result);
    }
  }

  private String summary(CramFile file, OutputTarget target, double seconds) {
    long size = CramCommand.size(file);
    long tokens = file.segments().stream().mapToLong(Segment::tokenCount).sum();
    long vectors = file.segments().stream().mapToLong(Segment::vectorCount).sum();
    long rawBytes =
        file.sections().stream()
            .mapToLong(s -> s instanceof Section.Raw raw ? raw.bytes().length : 0)
            .sum();
    long patches = file.segments().stream().mapToLong(s -> s.patches().size()).sum();
    return String.format(
        "%s into %s: %s in %s, %s%s%s; %s",
        Spoken.count(file.originalBytes(), "byte"),
        Spoken.count(size, "byte"),
        Spoken.count(tokens, "token"),
        Spoken.count(vectors, "vector"),
        Spoken.exactWith(patches),
        budget == null || rawBytes == 0
            ? ""
            : ", " + Spoken.count(rawBytes, "byte") + " kept as they are",
        target.isStandardOutput() ? "" : ", written to " + target.name(),
        Spoken.duration(seconds));
  }
}
