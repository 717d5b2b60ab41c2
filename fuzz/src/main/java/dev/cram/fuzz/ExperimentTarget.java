package dev.cram.fuzz;

import dev.cram.lab.ExperimentFile;
import java.nio.file.Path;

/** Experiment files of the laboratory. */
public final class ExperimentTarget {
  private static final Path FILE = Guard.folder("cram-fuzz-lab").resolve("x.yaml");

  private ExperimentTarget() {}

  /** Called by the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    Guard.write(FILE, data);
    Guard.run(() -> ExperimentFile.read(FILE));
  }
}
