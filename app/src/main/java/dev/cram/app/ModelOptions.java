package dev.cram.app;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Options of all commands that run a model. */
final class ModelOptions {
  static final String BUILT_IN_MODEL = "cram-tiny";

  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      description =
          "Language model: "
              + BUILT_IN_MODEL
              + ", which is built in; a Hugging Face model folder; a GGUF file; or"
              + " OWNER/NAME[@REVISION][:FILE] that cram pull has downloaded (default: "
              + BUILT_IN_MODEL
              + ", or what the .cram file names).")
  private String model;

  @Option(
      names = "--threads",
      paramLabel = "T",
      converter = Threads.class,
      description =
          "Threads (default: all cores). The result does not depend on their number, unless time is"
              + " limited.")
  private Integer threads;

  /** The model that was named, or else {@code otherwise}. */
  String modelOr(String otherwise) {
    return model == null ? otherwise : model;
  }

  int threads() {
    return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /** A number of threads that helps, or at least does no harm. */
  static final class Threads implements ITypeConverter<Integer> {
    private static final int MOST_PER_CORE = 16;

    @Override
    public Integer convert(String value) {
      int threads = new AtLeastOne().convert(value);
      int cores = Runtime.getRuntime().availableProcessors();
      if (threads > MOST_PER_CORE * cores) {
        throw new TypeConversionException(
            "%d is more than the %d threads that %s take"
                .formatted(threads, MOST_PER_CORE * cores, Spoken.count(cores, "core")));
      }
      return threads;
    }
  }

  /** A whole number that makes sense from 1 on. */
  static final class AtLeastOne implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      try {
        int number = Integer.parseInt(value);
        if (number >= 1) {
          return number;
        }
      } catch (NumberFormatException e) {
        // Reported below, like a number that is too small.
      }
      throw new TypeConversionException("'" + value + "' is not a whole number of at least 1");
    }
  }
}
