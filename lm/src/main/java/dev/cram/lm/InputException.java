package dev.cram.lm;

/**
 * Something the user gave is not usable: a file, a model, an option, a text.
 *
 * <p>The message is one line that names the file, the key or the value, says what was expected and
 * what to do. A command prints it as it is and exits with a status other than zero.
 */
public final class InputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What is said of a file may quote any amount of it. */
  private static final int LONGEST = 2_000;

  /**
   * An error whose message is {@code line}; control characters in it become {@code ?}, and what is
   * too long to be read loses its middle.
   */
  public InputException(String line) {
    super(readable(line));
  }

  /** As {@link #InputException(String)}, with what caused it for those who debug. */
  public InputException(String line, Throwable cause) {
    super(readable(line), cause);
  }

  private static String readable(String line) {
    String whole = oneLine(line);
    return whole.length() <= LONGEST
        ? whole
        : whole.substring(0, LONGEST - LONGEST / 4)
            + " ... "
            + whole.substring(whole.length() - LONGEST / 4);
  }

  /**
   * Words from outside as a terminal may show them: a tensor's name, a model's or a path may hold
   * line breaks and terminal escapes, which become {@code ?}.
   */
  public static String oneLine(String line) {
    StringBuilder kept = new StringBuilder(line.length());
    line.codePoints()
        .map(c -> Character.isISOControl(c) || c == 0x2028 || c == 0x2029 ? '?' : c)
        .forEach(kept::appendCodePoint);
    return kept.toString();
  }
}
