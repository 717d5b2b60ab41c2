package dev.cram.app;

import java.util.Locale;

/** Quantities as a person reads them, the same in every locale. */
final class Spoken {
  private static final String[] BYTE_UNITS = {"kB", "MB", "GB"};
  private static final String[] COUNT_UNITS = {"K", "M", "B"};

  private Spoken() {}

  /** {@code 12,345}. */
  static String number(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /** {@code 1 vector}, {@code 2 vectors}. */
  static String count(long value, String noun) {
    return number(value) + " " + noun + (value == 1 ? "" : "s");
  }

  /** {@code exact}, {@code exact with 3 patched tokens}. */
  static String exactWith(long patches) {
    return patches == 0 ? "exact" : "exact with " + count(patches, "patched token");
  }

  /** {@code 0.8 s}, {@code 12 s}, {@code 3 min 20 s}, {@code 2 h 5 min}. */
  static String duration(double seconds) {
    long whole = Math.round(seconds);
    if (seconds < 9.95) {
      return String.format(Locale.ROOT, "%.1f s", Math.max(0, seconds));
    }
    if (whole < 60) {
      return whole + " s";
    }
    if (whole < 3600) {
      return whole / 60 + " min " + whole % 60 + " s";
    }
    return number(whole / 3600) + " h " + whole % 3600 / 60 + " min";
  }

  /** Per second: {@code 0.25}, {@code 3.1}, {@code 1,250}. */
  static String rate(double value) {
    if (value >= 100) {
      return number(Math.round(value));
    }
    return String.format(Locale.ROOT, value >= 1 ? "%.1f" : "%.2f", value);
  }

  /** A rough count: {@code 812}, {@code 7.0M}, {@code 162M}, {@code 1.2B}. */
  static String magnitude(long value) {
    return value < 1000 ? Long.toString(value) : scaled(value, COUNT_UNITS).replace(" ", "");
  }

  /** {@code 812 bytes}, {@code 1.5 kB}, {@code 98.3 MB}, {@code 2,471 GB}. */
  static String bytes(long value) {
    if (value < 1000) {
      return count(value, "byte");
    }
    return scaled(value, BYTE_UNITS);
  }

  private static String scaled(double value, String[] units) {
    int unit = -1;
    do {
      value /= 1000;
      unit++;
    } while (value >= 999.5 && unit < units.length - 1);
    return String.format(Locale.ROOT, value >= 99.95 ? "%,.0f %s" : "%.1f %s", value, units[unit]);
  }
}
