package dev.cram.lab.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabDatabaseTest {
  @TempDir Path folder;

  private static void execute(Path file, String sql) throws Exception {
    try (var duckdb = DriverManager.getConnection("jdbc:duckdb:" + file);
        var statement = duckdb.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void aDatabaseOfANewerVersionIsRefused() throws Exception {
    Path file = folder.resolve("lab.db");
    LabDatabase.open(file).close();
    execute(file, "UPDATE format SET version = 99");
    assertThatThrownBy(() -> LabDatabase.open(file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("99")
        .hasMessageContaining("newer");
  }

  @Test
  void aDatabaseOfTheFirstFormatIsBroughtUpToDate() throws Exception {
    Path file = folder.resolve("first.db");
    LabDatabase.open(file).close();
    execute(file, "DROP TABLE lines");
    execute(file, "UPDATE format SET version = 1");

    LabDatabase.openReadOnly(file).close();
    LabDatabase.open(file).close();

    try (var duckdb = DriverManager.getConnection("jdbc:duckdb:" + file);
        var statement = duckdb.createStatement();
        var rows =
            statement.executeQuery("SELECT version, (SELECT count(*) FROM lines) FROM format")) {
      assertThat(rows.next()).isTrue();
      assertThat(rows.getInt(1)).isEqualTo(2);
      assertThat(rows.getInt(2)).isZero();
    }
  }

  @Test
  void aDatabaseThatWasNeverFinishedSaysWhatToDo() throws Exception {
    Path file = folder.resolve("half.db");
    execute(file, "CREATE TABLE format (version INTEGER NOT NULL)");

    assertThatThrownBy(() -> LabDatabase.open(file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("half.db")
        .hasMessageContaining("delete it");
  }

  @Test
  void aFileThatIsNoDatabaseIsLeftAsItIs() throws Exception {
    Path text = Files.writeString(folder.resolve("notes.txt"), "not a database");
    assertThatThrownBy(() -> LabDatabase.open(text))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("notes.txt");
    assertThat(text).hasContent("not a database");

    Path other = folder.resolve("other.db");
    try (var duckdb = DriverManager.getConnection("jdbc:duckdb:" + other);
        var statement = duckdb.createStatement()) {
      statement.execute("CREATE TABLE mine (x INTEGER)");
    }
    assertThatThrownBy(() -> LabDatabase.open(other))
        .hasMessageContaining("no laboratory database");
  }

  @Test
  void aMissingDatabaseIsNotMadeByReading() {
    Path file = folder.resolve("none.db");
    assertThatThrownBy(() -> LabDatabase.openReadOnly(file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("none.db");
    assertThat(file).doesNotExist();
  }

  @Test
  void aSecondProcessIsToldThatTheFileIsInUse() throws Exception {
    Path file = folder.resolve("lab.db");
    try (LabDatabase lab = LabDatabase.open(file)) {
      Process second =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  SecondProcess.class.getName(),
                  file.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(second.getInputStream().readAllBytes());
      assertThat(second.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(said).contains("lab.db: is in use by another process");
    }
  }

  /** Opens a database and says why that fails. */
  static final class SecondProcess {
    public static void main(String[] args) {
      try (LabDatabase lab = LabDatabase.open(Path.of(args[0]))) {
        System.out.println("opened");
      } catch (InputException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void aWrongQueryIsExplained() {
    try (LabDatabase lab = LabDatabase.open(folder.resolve("lab.db"))) {
      assertThatThrownBy(() -> lab.query("SELECT lenght FROM runs", row -> {}))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("lenght");
    }
  }

  @Test
  void resultsAreExportedAsParquetOrCsvAndNothingElse() throws Exception {
    Path parquet = folder.resolve("r.parquet");
    Path csv = folder.resolve("r.csv");
    try (LabDatabase lab = LabDatabase.open(folder.resolve("lab.db"))) {
      lab.export("results", parquet);
      lab.export("runs", csv);
      assertThatThrownBy(() -> lab.export("runs", folder.resolve("r.xls")))
          .hasMessageContaining(".parquet or .csv");
    }
    assertThat(csv).content().startsWith("id,experiment,model,");
    try (var duckdb = DriverManager.getConnection("jdbc:duckdb:");
        var statement = duckdb.createStatement();
        var rows = statement.executeQuery("SELECT count(token_gain) FROM '" + parquet + "'")) {
      rows.next();
      assertThat(rows.getInt(1)).isZero();
    }
  }
}
