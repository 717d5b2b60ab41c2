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
              + ", which is built in, or a Hugging Face model folder.")
  private String model;

  @Option(
      names = "--threads",
      paramLabel = "T",
      converter = AtLeastOne.class,
      description =
          "Threads (default: all cores). With 1, the same seed gives the same result every time.")
  private Integer threads;

  /** The model that was named, or else {@code otherwise}. */
  String modelOr(String otherwise) {
    return model == null ? otherwise : model;
  }

  int threads() {
    return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /** Any whole number of 64 bits. */
  static final class WholeNumber implements ITypeConverter<Long> {
    @Override
    public Long convert(String value) {
      try {
        return Long.valueOf(value);
      } catch (NumberFormatException e) {
        throw new TypeConversionException("'" + value + "' is not a whole number of 64 bits");
      }
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
