package dev.cram.fuzz;

import dev.cram.lab.ExperimentFile;
import java.nio.file.Path;

/** Experiment files of the laboratory: the same bytes as YAML and as TOML. */
public final class ExperimentTarget {
  private static final Path FOLDER = Guard.folder("cram-fuzz-lab");
  private static final Path YAML = FOLDER.resolve("x.yaml");
  private static final Path TOML = FOLDER.resolve("x.toml");

  private ExperimentTarget() {}

  /** Called by the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    Guard.write(YAML, data);
    Guard.run(() -> ExperimentFile.read(YAML));
    Guard.write(TOML, data);
    Guard.run(() -> ExperimentFile.read(TOML));
  }
}
