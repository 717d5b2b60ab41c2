package dev.cram.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** What results say about where and with what they were made. */
public final class Machine {
  private Machine() {}

  /** Processor, number of cores and operating system, on one line. */
  public static String description() {
    return "%s, %d cores, %s %s"
        .formatted(
            processor().orElse(System.getProperty("os.arch")),
            Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.name"),
            System.getProperty("os.version"));
  }

  private static Optional<String> processor() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The version of Cram. */
  public static String software() {
    return Optional.ofNullable(Machine.class.getPackage().getImplementationVersion())
        .orElse("development");
  }
}
