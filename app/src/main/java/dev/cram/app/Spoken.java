package dev.cram.app;

import java.util.Locale;

/** Quantities as a person reads them, the same in every locale. */
final class Spoken {
  private Spoken() {}

  /** {@code 12,345}. */
  static String number(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /** {@code 1 vector}, {@code 2 vectors}. */
  static String count(long value, String noun) {
    return number(value) + " " + noun + (value == 1 ? "" : "s");
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
}
