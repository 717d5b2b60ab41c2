package dev.cram.app;

import dev.cram.lab.database.LabDatabase;
import dev.cram.lab.report.Report;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "report",
    description =
        "Writes a page with the tables and figures of the paper from a laboratory database; it opens"
            + " without a server.",
    footerHeading = "%nExample:%n",
    footer = "  cram report lab.db -o report/")
final class ReportCommand implements Runnable {
  @Parameters(paramLabel = "DATABASE", description = "Database that cram measure made.")
  private Path database;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FOLDER",
      defaultValue = "report",
      description = "Folder to write; an earlier report in it is replaced (default: report).")
  private Path output;

  @Override
  public void run() {
    try (LabDatabase lab = LabDatabase.openReadOnly(database)) {
      Report.write(lab, output);
    }
    System.err.println("cram: report written, open " + output.resolve("index.html"));
  }
}
