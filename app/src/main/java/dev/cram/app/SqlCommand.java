package dev.cram.app;

import dev.cram.lab.database.LabDatabase;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "sql",
    description = "Queries a laboratory database. The answer is tab-separated, with a heading.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  cram sql lab.db \"SELECT source, avg(accuracy) FROM results GROUP BY source\"",
      "  cram sql lab.db \"DESCRIBE results\"",
    })
final class SqlCommand implements Runnable {
  @Parameters(
      index = "0",
      paramLabel = "DATABASE",
      description = "Database that cram measure made.")
  private Path database;

  @Parameters(
      index = "1",
      paramLabel = "QUERY",
      description =
          "A statement of DuckDB's SQL. The view results has every run with its measures; traces"
              + " has the vectors, margins and curves.")
  private String query;

  @Override
  public void run() {
    try (LabDatabase lab = LabDatabase.openReadOnly(database)) {
      lab.query(
          query,
          new LabDatabase.RowReader() {
            @Override
            public void columns(List<String> names) {
              System.out.println(String.join("\t", names));
            }

            @Override
            public void read(ResultSet row) throws SQLException {
              List<String> fields = new ArrayList<>();
              for (int column = 1; column <= row.getMetaData().getColumnCount(); column++) {
                fields.add(String.valueOf(row.getObject(column)));
              }
              System.out.println(String.join("\t", fields));
            }
          });
    }
  }
}
