package dev.cram.app;

import dev.cram.lab.database.LabDatabase;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "export",
    description = "Writes the results of a laboratory database as Parquet or CSV.",
    footerHeading = "%nExample:%n",
    footer = "  cram export lab.db -o results.parquet")
final class ExportCommand implements Runnable {
  /** What can be exported. */
  enum Table {
    RESULTS,
    RUNS,
    TRACES
  }

  @Parameters(paramLabel = "DATABASE", description = "Database that cram measure made.")
  private Path database;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "FILE",
      description = "File to write; its name ends in .parquet or .csv. Replaced if it exists.")
  private Path output;

  @Option(
      names = "--table",
      paramLabel = "results|runs|traces",
      defaultValue = "results",
      description =
          "results: every run with its measures; runs: without what follows from them; traces:"
              + " vectors, margins and curves (default: ${DEFAULT-VALUE}).")
  private Table table;

  @Override
  public void run() {
    try (LabDatabase lab = LabDatabase.openReadOnly(database)) {
      lab.export(table.name().toLowerCase(Locale.ROOT), output);
    }
  }
}
