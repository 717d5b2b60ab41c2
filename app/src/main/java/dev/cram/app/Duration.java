package dev.cram.app;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A time such as {@code 90s}, {@code 30m}, {@code 1.5h}, {@code 2h30m} or {@code 1d}, in seconds.
 */
final class Duration implements ITypeConverter<Double> {
  private static final Pattern PARTS =
      Pattern.compile("(?:([0-9.]+)d)?(?:([0-9.]+)h)?(?:([0-9.]+)m)?(?:([0-9.]+)s?)?");
  private static final double[] SECONDS = {86_400, 3_600, 60, 1};

  @Override
  public Double convert(String value) {
    Matcher parts = PARTS.matcher(value);
    double seconds = 0;
    try {
      if (parts.matches()) {
        for (int i = 0; i < SECONDS.length; i++) {
          String part = parts.group(i + 1);
          seconds += part == null ? 0 : Double.parseDouble(part) * SECONDS[i];
        }
      }
    } catch (NumberFormatException e) {
      seconds = 0;
    }
    if (seconds <= 0) {
      throw new TypeConversionException(
          "'" + value + "' is not a time such as 90s, 30m, 2h or 1h30m");
    }
    return seconds;
  }
}
