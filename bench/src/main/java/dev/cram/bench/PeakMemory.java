package dev.cram.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The most memory that this process has had resident, mapped files included. */
final class PeakMemory {
  private static final Path STATUS = Path.of("/proc/self/status");

  private PeakMemory() {}

  /** Forgets the peak so far. */
  static void reset() throws IOException {
    if (Files.exists(STATUS)) {
      Files.writeString(Path.of("/proc/self/clear_refs"), "5");
    }
  }

  /** MiB since the last reset; 0 where the system does not tell. */
  static long mebibytes() throws IOException {
    if (!Files.exists(STATUS)) {
      return 0;
    }
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
        .findFirst()
        .orElse(0);
  }
}
