package dev.cram.lab.database;

import dev.cram.TheoreticalBound;
import dev.cram.lab.run.Line;
import dev.cram.lab.run.Run;
import dev.cram.lab.run.RunKey;
import dev.cram.lm.InputException;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;

/**
 * The laboratory's record: one DuckDB file in which every finished run is a row.
 *
 * <p>A run is written in one transaction, so a killed process loses only the runs it had not
 * finished. DuckDB lets one process at a time write to a file. One thread at a time may use an
 * instance.
 */
public final class LabDatabase implements AutoCloseable {
  /** The layout of the tables that this version writes. */
  private static final int FORMAT = 3;

  private static final String DUCKDB = "jdbc:duckdb:";

  /** What vectors between those of two runs hold, at evenly spaced points, see {@link Line}. */
  private static final String LINES =
      """
      CREATE %s lines (
        from_id VARCHAR NOT NULL,
        to_id VARCHAR NOT NULL,
        points INTEGER NOT NULL,
        accuracy FLOAT[] NOT NULL,
        cross_entropy FLOAT[] NOT NULL,
        PRIMARY KEY (from_id, to_id, points))
      """;

  private final Path file;
  private final Connection duckdb;

  private LabDatabase(Path file, Connection duckdb) {
    this.file = file;
    this.duckdb = duckdb;
  }

  /**
   * Opens a database, and makes it if there is none.
   *
   * @throws InputException if the file is no such database, was made by a newer version, cannot be
   *     written, or is in use by another process
   */
  public static LabDatabase open(Path file) {
    return open(file, url(file), false);
  }

  /**
   * Opens an existing database to read from; several processes may do so.
   *
   * @throws InputException as {@link #open}, and if there is no such file
   */
  public static LabDatabase openReadOnly(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new InputException(file + ": no such database; cram measure makes one");
    }
    return open(file, url(file), true);
  }

  /** An empty one that nothing is kept of. */
  public static LabDatabase inMemory() {
    return open(Path.of("in memory"), DUCKDB, false);
  }

  private static String url(Path file) {
    if (file.toString().isBlank()) {
      throw new InputException("a database has no name; give it a file");
    }
    // What follows a semicolon would be options of the driver, scripts to run among them.
    if (file.toAbsolutePath().toString().contains(";")) {
      throw new InputException(file + ": a database's path cannot hold a ';'; choose another one");
    }
    // An absolute path is none of the names that DuckDB takes for memory or for extensions.
    return DUCKDB + file.toAbsolutePath();
  }

  private static LabDatabase open(Path file, String url, boolean readOnly) {
    var properties = new Properties();
    properties.setProperty("duckdb.read_only", Boolean.toString(readOnly));
    Connection duckdb = null;
    try {
      duckdb = DriverManager.getConnection(url, properties);
      var database = new LabDatabase(file, duckdb);
      database.checkFormat(readOnly);
      database.execute("CREATE TEMP MACRO decoded() AS " + Run.DECODED);
      return database;
    } catch (SQLException e) {
      close(duckdb);
      throw failure(file, e);
    } catch (RuntimeException e) {
      close(duckdb);
      throw e;
    }
  }

  private void checkFormat(boolean readOnly) throws SQLException {
    try (Statement statement = duckdb.createStatement()) {
      Set<String> tables = new HashSet<>();
      try (ResultSet rows = statement.executeQuery("SELECT table_name FROM duckdb_tables()")) {
        while (rows.next()) {
          tables.add(rows.getString(1));
        }
      }
      if (tables.isEmpty() && !readOnly) {
        inTransaction(() -> {
          statement.execute(resource("schema.sql"));
          statement.execute(results(""));
          statement.execute(LINES.formatted("TABLE"));
          return statement.execute("INSERT INTO format VALUES (" + FORMAT + ")");
        });
        return;
      }
      if (!tables.contains("format")) {
        throw new InputException(
            file + ": is a DuckDB file, but no laboratory database; give another file");
      }
      int version;
      try (ResultSet rows = statement.executeQuery("SELECT version FROM format")) {
        if (!rows.next()) {
          throw new InputException(
              file + ": has no format, since what made it was killed; delete it and start again");
        }
        version = rows.getInt(1);
        if (version > FORMAT) {
          throw new InputException(
              file
                  + ": has format "
                  + version
                  + ", this version of Cram knows up to "
                  + FORMAT
                  + "; use a newer version");
        }
      }
      if (version < FORMAT) {
        findRevisions(statement);
        if (readOnly) {
          showAsNew(tables, statement);
        } else {
          bringUpToDate(statement);
        }
      }
    }
  }

  /** Format 1 had no lines, format 2 no revisions. */
  private void bringUpToDate(Statement statement) throws SQLException {
    inTransaction(() -> {
      statement.execute(LINES.formatted("TABLE IF NOT EXISTS"));
      statement.execute("ALTER TABLE runs ADD COLUMN recipe_revision INTEGER");
      statement.execute(results(""));
      statement.execute(
          "UPDATE runs SET recipe_revision = known.revision FROM known WHERE runs.id = known.id");
      return statement.execute("UPDATE format SET version = " + FORMAT);
    });
  }

  /**
   * Makes a temporary table {@code known} of the runs whose recipes still are what they were when
   * they were done: only then does a run's key give its id.
   */
  private void findRevisions(Statement statement) throws SQLException {
    statement.execute("CREATE TEMP TABLE known (id VARCHAR, revision INTEGER)");
    String columns =
        "model, weight_fingerprint, precision, source, sample, text_hash, length, vectors, recipe,"
            + " max_steps, patience, seed";
    try (PreparedStatement insert = duckdb.prepareStatement("INSERT INTO known VALUES (?, ?)");
        ResultSet row = statement.executeQuery("SELECT id, " + columns + " FROM runs")) {
      while (row.next()) {
        RunKey key =
            new RunKey(
                row.getString(2),
                row.getString(3),
                Precision.valueOf(row.getString(4).toUpperCase(Locale.ROOT)),
                row.getString(5),
                row.getInt(6),
                row.getString(7),
                row.getInt(8),
                row.getInt(9),
                row.getString(10),
                row.getInt(11),
                row.getInt(12),
                row.getLong(13));
        if (key.id().equals(row.getString(1))) {
          insert.setString(1, key.id());
          insert.setInt(2, Recipe.revision(key.recipe()));
          insert.addBatch();
        }
      }
      insert.executeBatch();
    }
  }

  /** Puts temporary tables and views of this format before those of an older one. */
  private static void showAsNew(Set<String> tables, Statement statement) throws SQLException {
    if (!tables.contains("lines")) {
      statement.execute(LINES.formatted("TEMP TABLE"));
    }
    String catalog;
    try (ResultSet rows = statement.executeQuery("SELECT current_database()")) {
      rows.next();
      catalog = rows.getString(1);
    }
    statement.execute(
        ("CREATE TEMP VIEW runs AS SELECT old.*, revision AS recipe_revision"
                + " FROM \"%s\".main.runs old LEFT JOIN known ON old.id = known.id")
            .formatted(catalog.replace("\"", "\"\"")));
    statement.execute(results("TEMP"));
  }

  /** The statement that makes the view of the results. */
  private static String results(String kind) {
    return resource("results.sql")
        .replace("$temp", kind)
        .replace("$bits", Integer.toString(TheoreticalBound.BITS));
  }

  private static String resource(String name) {
    try (InputStream in = LabDatabase.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("the resource " + name + " belongs to the program", e);
    }
  }

  /** Accuracy, 0 to 1, of every run that is done, by its {@link RunKey#id}. */
  public Map<String, Double> accuracies() {
    Map<String, Double> accuracies = new HashMap<>();
    query(
        "SELECT id, accuracy FROM runs", row -> accuracies.put(row.getString(1), row.getDouble(2)));
    return accuracies;
  }

  /**
   * Records a run; one that is there already is left as it is.
   *
   * @param experiment the name of the experiment that it was done for
   * @return whether it was new
   * @throws InputException if it cannot be written; then nothing of it is
   */
  public boolean add(String experiment, Run run) {
    try {
      return inTransaction(() -> insert(experiment, run));
    } catch (SQLException e) {
      throw failure(file, e);
    }
  }

  private interface Work {
    boolean run() throws SQLException;
  }

  /** All of it or nothing, whenever the process is killed. */
  private boolean inTransaction(Work work) throws SQLException {
    duckdb.setAutoCommit(false);
    try {
      boolean result = work.run();
      duckdb.commit();
      duckdb.setAutoCommit(true);
      return result;
    } catch (SQLException e) {
      rollback(e);
      throw e;
    }
  }

  /** Where a commit failed, there may be no transaction left; the first error is what matters. */
  private void rollback(SQLException reason) {
    try {
      duckdb.rollback();
      duckdb.setAutoCommit(true);
    } catch (SQLException e) {
      reason.addSuppressed(e);
    }
  }

  private boolean insert(String experiment, Run run) throws SQLException {
    RunKey key = run.key();
    String id = key.id();
    String row =
        "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
            + " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
    try (PreparedStatement insert = duckdb.prepareStatement(row)) {
      float minMargin = Float.POSITIVE_INFINITY;
      for (float margin : run.margins()) {
        minMargin = Math.min(minMargin, margin);
      }
      Object[] values = {
        id,
        experiment,
        key.model(),
        key.weightFingerprint(),
        key.precision().name().toLowerCase(Locale.ROOT),
        run.embeddingSize(),
        run.vocabularySize(),
        key.source(),
        key.sample(),
        key.textHash(),
        key.length(),
        key.vectors(),
        key.recipe(),
        key.maxSteps(),
        key.patience(),
        key.seed(),
        run.steps(),
        run.stepsToBest(),
        run.seconds(),
        run.accuracy(),
        run.exact(),
        run.horizon(),
        run.exact() ? null : run.horizon(),
        run.crossEntropyWithout(),
        run.crossEntropy(),
        run.correctWithout(),
        run.correct(),
        minMargin,
        Timestamp.from(run.started()),
        run.machine(),
        run.software(),
        Recipe.revision(key.recipe())
      };
      for (int i = 0; i < values.length; i++) {
        insert.setObject(i + 1, values[i]);
      }
      if (insert.executeUpdate() == 0) {
        return false;
      }
    }
    try (PreparedStatement insert =
        duckdb.prepareStatement("INSERT INTO traces VALUES (?, ?, ?, ?, ?, ?, ?)")) {
      insert.setString(1, id);
      insert.setArray(2, floats(run.vectors()));
      insert.setArray(3, floats(run.margins()));
      insert.setArray(4, integers(run.curve().steps()));
      insert.setArray(5, floats(run.curve().crossEntropies()));
      insert.setArray(6, floats(run.curve().accuracies()));
      insert.setArray(7, integers(run.curve().exactPrefixes()));
      insert.executeUpdate();
    }
    return true;
  }

  /**
   * The vectors of runs, {@code [K, embeddingSize]} each, by {@link RunKey#id}; runs that are not
   * there are left out.
   */
  public Map<String, float[]> vectors(List<String> ids) {
    Map<String, float[]> vectors = new HashMap<>();
    for (String id : ids) {
      query(
          "SELECT mem FROM traces WHERE id = ?",
          row -> {
            Object[] values = (Object[]) row.getArray(1).getArray();
            float[] mem = new float[values.length];
            for (int i = 0; i < mem.length; i++) {
              mem[i] = (float) values[i];
            }
            vectors.put(id, mem);
          },
          id);
    }
    return vectors;
  }

  /** Whether a line with that many points is there. */
  public boolean hasLine(String from, String to, int points) {
    boolean[] there = new boolean[1];
    query(
        "SELECT 1 FROM lines WHERE from_id = ? AND to_id = ? AND points = ?",
        row -> there[0] = true,
        from,
        to,
        points);
    return there[0];
  }

  /**
   * Records a line; one that is there already is left as it is.
   *
   * @throws InputException if it cannot be written
   */
  public void add(Line line) {
    try (PreparedStatement insert =
        duckdb.prepareStatement(
            "INSERT INTO lines VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")) {
      insert.setString(1, line.from());
      insert.setString(2, line.to());
      insert.setInt(3, line.accuracies().length);
      insert.setArray(4, floats(line.accuracies()));
      insert.setArray(5, floats(line.crossEntropies()));
      insert.executeUpdate();
    } catch (SQLException e) {
      throw failure(file, e);
    }
  }

  private Array integers(int[] values) throws SQLException {
    return duckdb.createArrayOf("INTEGER", Arrays.stream(values).boxed().toArray(Integer[]::new));
  }

  private Array floats(float[] values) throws SQLException {
    Float[] boxed = new Float[values.length];
    for (int i = 0; i < values.length; i++) {
      boxed[i] = values[i];
    }
    return duckdb.createArrayOf("FLOAT", boxed);
  }

  /** What receives the rows of a query, one after another. */
  @FunctionalInterface
  public interface RowReader {
    /** Called once, before the first row, also if there is none. */
    default void columns(List<String> names) {}

    /**
     * @param row the result, standing at this row
     */
    void read(ResultSet row) throws SQLException;
  }

  /**
   * Asks the database.
   *
   * @param sql one statement of DuckDB's SQL, with a {@code ?} for each parameter
   * @throws InputException with DuckDB's own explanation if the statement is wrong
   */
  public void query(String sql, RowReader reader, Object... parameters) {
    try (PreparedStatement statement = duckdb.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      try (ResultSet rows = statement.executeQuery()) {
        List<String> columns = new ArrayList<>();
        for (int column = 1; column <= rows.getMetaData().getColumnCount(); column++) {
          columns.add(rows.getMetaData().getColumnLabel(column));
        }
        reader.columns(columns);
        while (rows.next()) {
          reader.read(rows);
        }
      }
    } catch (SQLException e) {
      throw failure(file, e);
    }
  }

  /**
   * Does a statement that has no answer, such as making a temporary view.
   *
   * @throws InputException with DuckDB's own explanation if the statement is wrong
   */
  public void execute(String sql) {
    try (Statement statement = duckdb.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw failure(file, e);
    }
  }

  /**
   * Writes a table or view to a file.
   *
   * @param table {@code results}, {@code runs} or {@code traces}
   * @param target ends in {@code .parquet} or {@code .csv}; replaced if it exists
   * @throws InputException if it ends in something else or cannot be written
   */
  public void export(String table, Path target) {
    String name = target.toString();
    String format =
        switch (name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT)) {
          case "parquet" -> "FORMAT parquet";
          case "csv" -> "FORMAT csv, HEADER";
          default ->
              throw new InputException(target + ": expected a name that ends in .parquet or .csv");
        };
    Path temporary = target.resolveSibling("." + target.getFileName() + ".part");
    try (Statement statement = duckdb.createStatement()) {
      statement.execute(
          "COPY (FROM %s ORDER BY id) TO '%s' (%s)"
              .formatted(table, temporary.toString().replace("'", "''"), format));
      Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
    } catch (SQLException e) {
      throw failure(target, e);
    } catch (IOException e) {
      throw new InputException(target + ": cannot be written: " + e.getMessage(), e);
    } finally {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException e) {
        // The export itself is what matters; a leftover has a name that says what it is.
      }
    }
  }

  private static InputException failure(Path file, SQLException e) {
    String message = String.valueOf(e.getMessage());
    if (message.contains("Could not set lock")) {
      return new InputException(
          file + ": is in use by another process; wait for it, or give another file", e);
    }
    if (message.contains("No space left") || message.contains("disk is full")) {
      return new InputException(
          file + ": the disk is full; what is recorded stays, free some space and start again", e);
    }
    return new InputException(file + ": " + message.lines().findFirst().orElse("fails"), e);
  }

  private static void close(Connection connection) {
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException e) {
        throw new IllegalStateException("the connection does not close", e);
      }
    }
  }

  /** Writes what is pending and lets the file go. */
  @Override
  public void close() {
    close(duckdb);
  }
}
