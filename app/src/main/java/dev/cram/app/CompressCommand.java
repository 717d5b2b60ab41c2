package dev.cram.app;

import dev.cram.CompressOptions;
import dev.cram.Cram;
import dev.cram.container.CramFile;
import dev.cram.container.Segment;
import dev.cram.lm.InputException;
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
      "  cram compress letter.txt -o l.cram --vectors 4",
      "  cram compress letter.txt --model EleutherAI/pythia-160m     see cram pull",
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

  @Mixin private OptimiserOptions optimiser;
  @Mixin private ModelOptions model;

  @Override
  public void run() {
    long started = System.nanoTime();
    boolean fromPipe = input.equals(OutputTarget.STANDARD_STREAM);
    String outputName = output != null ? output : fromPipe ? input : input + ".cram";
    byte[] original = fromPipe ? null : InputSource.readAll(input);
    CompressOptions options = optimiser.options();
    OutputTarget target = OutputTarget.open(outputName, force);
    if (target.isStandardOutput() && CramCommand.standardOutput().isPresent()) {
      throw new InputException(
          "a .cram file is not text, so it is not written to a terminal; name a file with -o");
    }
    // Opened before a pipe is read, so that a wrong model is told at once.
    try (Cram cram =
            CramCommand.open(
                model.modelOr(ModelOptions.BUILT_IN_MODEL),
                optimiser.precision(),
                model.threads());
        ProgressLine progress = CramCommand.progress(quiet)) {
      if (original == null) {
        original = InputSource.readAll(input);
      }
      CramFile file = cram.compress(original, options, progress);
      byte[] bytes = CramCommand.bytes(file);
      target.write(bytes);
      progress.close();
      if (!quiet) {
        System.err.println(
            "cram: " + summary(file, target, bytes.length, (System.nanoTime() - started) / 1e9));
      }
    }
  }

  private static String summary(CramFile file, OutputTarget target, long size, double seconds) {
    long tokens = file.segments().stream().mapToLong(Segment::tokenCount).sum();
    long vectors = file.segments().stream().mapToLong(Segment::vectorCount).sum();
    long patches = file.segments().stream().mapToLong(s -> s.patches().size()).sum();
    return String.format(
        "%s into %s: %s in %s, %s%s; %s",
        Spoken.count(file.originalBytes(), "byte"),
        Spoken.count(size, "byte"),
        Spoken.count(tokens, "token"),
        Spoken.count(vectors, "vector"),
        patches == 0 ? "exact" : "exact with " + Spoken.count(patches, "patched token"),
        target.isStandardOutput() ? "" : ", written to " + target.name(),
        Spoken.duration(seconds));
  }
}
