package dev.cram.app;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Bytes of a file, {@code FROM:TO}, either of which may be missing.
 *
 * @param begin the first byte, from 0
 * @param end behind the last one
 */
record ByteRange(long begin, long end) {
  static final ByteRange ALL = new ByteRange(0, Long.MAX_VALUE);

  boolean isAll() {
    return equals(ALL);
  }

  /** The part of it that lies in a file that begins at {@code at}, counted from there. */
  ByteRange in(long at) {
    return new ByteRange(
        Math.max(0, begin - at), end == Long.MAX_VALUE ? end : Math.max(0, end - at));
  }

  /** Reads one. */
  static final class Converter implements ITypeConverter<ByteRange> {
    private static final Pattern RANGE = Pattern.compile("([0-9]{0,18}):([0-9]{0,18})");

    @Override
    public ByteRange convert(String value) {
      Matcher range = RANGE.matcher(value);
      if (range.matches() && value.length() > 1) {
        long begin = range.group(1).isEmpty() ? 0 : Long.parseLong(range.group(1));
        long end = range.group(2).isEmpty() ? Long.MAX_VALUE : Long.parseLong(range.group(2));
        if (begin <= end) {
          return new ByteRange(begin, end);
        }
      }
      throw new TypeConversionException(
          "'" + value + "' is not a range of bytes such as 1000:2000, 1000: or :2000");
    }
  }
}
