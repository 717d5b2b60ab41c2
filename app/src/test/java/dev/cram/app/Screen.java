package dev.cram.app;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/** What a view writes to, with a clock that the test sets. */
final class Screen {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
  long nanos;

  static Terminal pipe() {
    return new Terminal(false, Map.of("TERM", "xterm"), Optional::empty);
  }

  static Terminal terminal(int columns, int rows, Map<String, String> environment) {
    return new Terminal(true, environment, () -> Optional.of(new Terminal.Size(columns, rows)));
  }

  void passSeconds(double seconds) {
    nanos += (long) (seconds * 1e9);
  }

  String written() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  void clear() {
    bytes.reset();
  }
}
