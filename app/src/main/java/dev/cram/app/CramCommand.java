package dev.cram.app;

import dev.cram.Cram;
import dev.cram.container.CramFile;
import dev.cram.container.CramParts;
import dev.cram.lm.InputException;
import dev.cram.tensor.Precision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "cram",
    versionProvider = CramCommand.Version.class,
    mixinStandardHelpOptions = true,
    scope = CommandLine.ScopeType.INHERIT,
    description =
        "Turns a text into a few trained vectors that a frozen language model reads back word for"
            + " word, and the vectors into the text again.",
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    optionListHeading = "%nOptions:%n",
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      " 0:done",
      " 1:something given is not usable, or the work failed; one line on standard error says what",
      " 2:the command line is wrong",
      "130:interrupted (Ctrl-C); no half-written file is left, and compress goes on from its journal",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  cram demo                              see it work",
      "  cram compress letter.txt               make letter.txt.cram",
      "  cram decompress letter.txt.cram -o -   print the text again",
      "  cram inspect letter.txt.cram           what is in the file",
      "  cram serve                             a web page for all of this",
      "  cram pull EleutherAI/pythia-160m       get another model",
      "  cram compress letter.txt --model EleutherAI/pythia-160m",
      "",
      "CRAM_DEBUG=1 in the environment shows the stack trace of an error.",
    },
    subcommands = {
      CompressCommand.class,
      DecompressCommand.class,
      InspectCommand.class,
      DemoCommand.class,
      PullCommand.class,
      ModelsCommand.class,
      ServeCommand.class,
      MeasureCommand.class,
      RaceCommand.class,
      ReportCommand.class,
      ExportCommand.class,
      SqlCommand.class,
      CompletionCommand.class,
    })
final class CramCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** Parses the arguments, runs the command and returns the exit status. */
  static int run(String... args) {
    CommandLine command = commandLine();
    try {
      int status = command.execute(args);
      return status == CommandLine.ExitCode.OK && System.out.checkError()
          ? reportFailure(
              new InputException(
                  "standard output did not take all of the result; free some space, or let what"
                      + " reads it read to the end"),
              command.getErr())
          : status;
    } catch (RuntimeException | Error e) {
      return reportFailure(e, command.getErr());
    }
  }

  static CommandLine commandLine() {
    return new CommandLine(new CramCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        // An argument that begins with @ is a file's name, not a file of arguments.
        .setExpandAtFiles(false)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(CramCommand::reportUsage)
        .setExecutionExceptionHandler((e, command, parsed) -> reportFailure(e, command.getErr()));
  }

  /** Opens a model, with the Vector API in place that it computes with. */
  static Cram open(String model, Precision precision, int threads) {
    VectorModule.load();
    return Cram.open(model, precision, threads);
  }

  static Terminal standardOutput() {
    return Terminal.of(Terminal.STANDARD_OUTPUT);
  }

  /** The progress of a command, on standard error. */
  static ProgressLine progress(boolean quiet) {
    return new ProgressLine(
        progressOut(quiet), Terminal.of(Terminal.STANDARD_ERROR), System::nanoTime);
  }

  /** A line on standard error that says how far a command is. */
  static StatusLine statusLine(boolean quiet) {
    return new StatusLine(
        progressOut(quiet), Terminal.of(Terminal.STANDARD_ERROR), System::nanoTime);
  }

  private static PrintStream progressOut(boolean quiet) {
    return quiet ? new PrintStream(OutputStream.nullOutputStream()) : System.err;
  }

  /**
   * The {@code .cram} files in what an argument names; those in a file stay there until needed.
   *
   * @param salvage whether to read what can be read of damaged files
   */
  static List<CramParts.Part> parts(String argument, boolean salvage) {
    if (argument.equals(OutputTarget.STANDARD_STREAM)) {
      return CramParts.read(argument, InputSource.readAll(argument), salvage);
    }
    // Opened for what it says where that fails, unless it can be read once only.
    Path path = InputSource.path(argument);
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      return CramParts.read(argument, InputSource.readAll(argument), salvage);
    }
    InputSource.open(argument).close();
    return CramParts.read(path, salvage);
  }

  /** The bytes of a {@code .cram} file. */
  static byte[] bytes(CramFile file) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    write(file, bytes);
    return bytes.toByteArray();
  }

  /** How many bytes a {@code .cram} file has. */
  static long size(CramFile file) {
    long[] size = {0};
    write(
        file,
        new OutputStream() {
          @Override
          public void write(int b) {
            size[0]++;
          }

          @Override
          public void write(byte[] bytes, int from, int count) {
            size[0] += count;
          }
        });
    return size[0];
  }

  private static void write(CramFile file, OutputStream out) {
    try {
      file.write(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  private static int reportUsage(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    List<String> meant =
        e instanceof CommandLine.UnmatchedArgumentException unmatched
            ? unmatched.getSuggestions()
            : List.of();
    command
        .getErr()
        .println(
            "cram: "
                + InputException.oneLine(String.valueOf(e.getMessage()))
                + (meant.isEmpty() ? "" : "; perhaps " + String.join(" or ", meant))
                + "; see "
                + command.getCommandSpec().qualifiedName()
                + " --help");
    return CommandLine.ExitCode.USAGE;
  }

  private static int reportFailure(Throwable e, PrintWriter err) {
    boolean debug = "1".equals(System.getenv("CRAM_DEBUG"));
    if (debug) {
      e.printStackTrace(err);
    } else if (e instanceof InputException) {
      err.println("cram: " + e.getMessage());
    } else if (e instanceof ExceptionInInitializerError && e.getCause() != null) {
      // What a native library needs and this machine does not have.
      err.println("cram: " + InputException.oneLine(String.valueOf(e.getCause().getMessage())));
    } else if (e instanceof OutOfMemoryError) {
      err.println("cram: not enough memory; a larger limit: CRAM_JAVA_OPTS=-Xmx8g");
    } else {
      String line = String.valueOf(e).lines().findFirst().orElse("");
      err.println("cram: failed unexpectedly: " + line + " (CRAM_DEBUG=1 shows where)");
    }
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** The version that the build wrote into the jar's manifest. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = CramCommand.class.getPackage().getImplementationVersion();
      return new String[] {"cram " + (version == null ? "(from classes)" : version)};
    }
  }
}
