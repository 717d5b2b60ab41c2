package dev.cram.lab.source;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Passages of documents: the rows of a table, or whole files of plain text, read through DuckDB.
 *
 * <p>Samples go round the documents in a seeded order, one passage from each before any gives a
 * second, so that no author dominates. See {@link Passages} for what a passage is.
 */
final class Documents implements TextSource {
  private static final String READ_TEXT =
      "SELECT filename AS name, content AS text FROM read_text(%s)";
  private static final String READ_TABLE = "SELECT %s AS text FROM %s";

  private static final String MARKDOWN = "md";

  private static final List<String> KINDS =
      List.of("txt", "parquet", "jsonl", "ndjson", "json", "csv", "tsv", MARKDOWN);

  private final String place;
  private final Connection duckdb;
  private final int count;
  private long orderSeed;
  private int[] order;

  private Documents(String place, Connection duckdb, int count) {
    this.place = place;
    this.duckdb = duckdb;
    this.count = count;
  }

  static Documents file(Path file, String column) {
    // DuckDB expands a pattern, and says so if nothing matches.
    if (!file.toString().contains("*") && !Files.isRegularFile(file)) {
      throw new InputException(
          file + ": no such file; give a plain text, CSV, Parquet or JSON lines file");
    }
    return open(file.toString(), column);
  }

  static Documents directory(Path directory, String column) {
    if (!Files.isDirectory(directory)) {
      throw new InputException(directory + ": no such folder; give one that holds text files");
    }
    List<String> kinds = kinds(directory);
    if (kinds.size() > 1) {
      // Beside the texts it is a README.
      kinds.remove(MARKDOWN);
    }
    if (kinds.size() > 1) {
      throw new InputException(
          "%1$s: holds .%2$s and .%3$s files; say which, as file:%1$s/**/*.%2$s"
              .formatted(directory, kinds.get(0), kinds.get(1)));
    }
    if (kinds.isEmpty()) {
      throw new InputException(directory + ": holds none of " + expectedKinds());
    }
    return open(directory + "/**/*." + kinds.getFirst(), column);
  }

  /** The kinds of files in a folder that texts can be in. */
  private static List<String> kinds(Path directory) {
    try (var files = Files.walk(directory)) {
      List<String> names = files.map(Path::toString).toList();
      List<String> kinds = new ArrayList<>(KINDS);
      kinds.removeIf(kind -> names.stream().noneMatch(name -> name.endsWith("." + kind)));
      return kinds;
    } catch (IOException | UncheckedIOException e) {
      throw new InputException(directory + ": cannot be listed: " + e.getMessage(), e);
    }
  }

  private static String expectedKinds() {
    return "." + String.join(", .", KINDS);
  }

  static Documents remote(String address, String column) {
    return open(address, column);
  }

  private static Documents open(String place, String column) {
    Connection duckdb = null;
    try {
      duckdb = DriverManager.getConnection("jdbc:duckdb:");
      try (Statement statement = duckdb.createStatement()) {
        // Rows keep the order of the file, so that a number names the same document every time.
        statement.execute("SET preserve_insertion_order = true");
        statement.execute("CREATE VIEW documents AS " + query(place, column, statement));
        try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM documents")) {
          rows.next();
          if (rows.getInt(1) == 0) {
            throw new InputException(place + ": has no texts; give another place");
          }
          return new Documents(place, duckdb, rows.getInt(1));
        }
      }
    } catch (SQLException e) {
      close(duckdb);
      throw new InputException(place + ": cannot be read: " + firstLine(e), e);
    } catch (InputException e) {
      close(duckdb);
      throw e;
    }
  }

  private static String query(String place, String column, Statement statement)
      throws SQLException {
    String lower = place.toLowerCase(Locale.ROOT);
    String quoted = "'" + place.replace("'", "''") + "'";
    String table;
    if (lower.endsWith(".txt") || lower.endsWith(".md")) {
      return READ_TEXT.formatted(quoted) + " ORDER BY filename";
    } else if (lower.endsWith(".csv") || lower.endsWith(".tsv")) {
      table = "read_csv(" + quoted + ")";
    } else if (lower.endsWith(".json") || lower.endsWith(".jsonl") || lower.endsWith(".ndjson")) {
      table = "read_json(" + quoted + ")";
    } else if (lower.endsWith(".parquet")) {
      table = "read_parquet(" + quoted + ")";
    } else {
      throw new InputException(
          place + ": unknown kind of file; expected one of " + expectedKinds());
    }
    List<String> columns = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery("DESCRIBE SELECT * FROM " + table)) {
      while (rows.next()) {
        columns.add(rows.getString(1));
      }
    }
    if (!columns.contains(column)) {
      throw new InputException(
          place
              + ": has no column '"
              + column
              + "'; it has: "
              + String.join(", ", columns)
              + "; name the one with the text after a #");
    }
    return READ_TABLE.formatted('"' + column.replace("\"", "\"\"") + '"', table);
  }

  @Override
  public Optional<String> text(long seed, int sample, int words) {
    String document = document(order(seed)[sample % count]);
    var random = new SplittableRandom(Seeds.of(seed, sample % count));
    return Passages.of(document, random, sample / count);
  }

  private int[] order(long seed) {
    if (order == null || orderSeed != seed) {
      var random = new SplittableRandom(seed);
      int[] shuffled = IntStream.range(0, count).toArray();
      for (int i = count - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        int kept = shuffled[i];
        shuffled[i] = shuffled[j];
        shuffled[j] = kept;
      }
      order = shuffled;
      orderSeed = seed;
    }
    return order;
  }

  private String document(int row) {
    try (PreparedStatement statement =
        duckdb.prepareStatement("SELECT text FROM documents LIMIT 1 OFFSET ?")) {
      statement.setInt(1, row);
      try (ResultSet rows = statement.executeQuery()) {
        String text = rows.next() ? rows.getString("text") : null;
        return text == null ? "" : text;
      }
    } catch (SQLException e) {
      throw new InputException(place + ": document " + row + " cannot be read: " + firstLine(e), e);
    }
  }

  private static String firstLine(SQLException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  private static void close(Connection connection) {
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException e) {
        throw new IllegalStateException("an in-memory database does not close", e);
      }
    }
  }

  @Override
  public void close() {
    close(duckdb);
  }
}
