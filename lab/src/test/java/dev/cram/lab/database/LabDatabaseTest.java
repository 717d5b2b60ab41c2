package dev.cram.lab.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lab.run.RunKey;
import dev.cram.lm.InputException;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aDatabaseOfAnOlderFormatIsReadAndBroughtUpToDate(int version) throws Exception {
    Path file = folder.resolve("old.db");
    LabDatabase.open(file).close();
    // What the tables of these formats were.
    execute(file, "DROP VIEW results");
    execute(file, "ALTER TABLE runs DROP COLUMN recipe_revision");
    execute(file, "CREATE VIEW results AS SELECT *, 1 AS token_gain FROM runs");
    // A run whose recipe still is what it was, and one of an earlier revision.
    RunKey key = new RunKey("m", "w", Precision.F32, "s", 0, "h", 10, 1, "cram-prefix", 600, 80, 1);
    for (String id : List.of(key.id(), "an id of before")) {
      execute(
          file,
          """
          INSERT INTO runs VALUES ('%s', 'x', 'm', 'w', 'f32', 8, 4096, 's', 0, 'h', 10, 1,
            'cram-prefix', 600, 80, 1, 90, 80, 2.5, 1, true, 10, NULL, 5, 0.1, 2, 9, 0.5,
            '2026-01-01', 'here', 'cram')
          """
              .formatted(id));
    }
    if (version == 1) {
      execute(file, "DROP TABLE lines");
    }
    execute(file, "UPDATE format SET version = " + version);
    String question =
        "SELECT recipe_revision, token_gain, (SELECT count(*) FROM lines) FROM results"
            + " ORDER BY recipe_revision";

    for (boolean readOnly : new boolean[] {true, false, true}) {
      try (LabDatabase lab = readOnly ? LabDatabase.openReadOnly(file) : LabDatabase.open(file)) {
        List<String> answers = new ArrayList<>();
        lab.query(
            question,
            row -> answers.add(row.getString(1) + " " + row.getInt(2) + " " + row.getInt(3)));
        assertThat(answers).containsExactly(Recipe.revision("cram-prefix") + " 7 0", "null 7 0");
      }
    }
    try (LabDatabase lab = LabDatabase.openReadOnly(file)) {
      lab.query("SELECT version FROM format", row -> assertThat(row.getInt(1)).isEqualTo(3));
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

  @Test
  void aPathThatTheDriverWouldTakeForSomethingElseIsAFileOrRefused() throws Exception {
    Path script = Files.writeString(folder.resolve("evil.sql.db"), "CREATE TABLE evil (x INTEGER)");

    assertThatThrownBy(() -> LabDatabase.open(Path.of("")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("no name");
    assertThatThrownBy(() -> LabDatabase.open(folder.resolve("x;session_init_sql_file=" + script)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("';'");
    LabDatabase.open(folder.resolve(":memory:")).close();
    assertThat(folder.resolve(":memory:")).isRegularFile();
  }
}
