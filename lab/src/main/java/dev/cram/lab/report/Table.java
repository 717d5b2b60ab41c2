package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Numbers with a heading.
 *
 * @param columns names, with the unit where there is one
 * @param rows values, each a {@link Number}, a {@link String}, a {@link Boolean} or null
 */
record Table(List<String> columns, List<List<Object>> rows) {

  /** The answer to a query. */
  static Table of(LabDatabase database, String sql, Object... parameters) {
    List<String> columns = new ArrayList<>();
    List<List<Object>> rows = new ArrayList<>();
    database.query(
        sql,
        new LabDatabase.RowReader() {
          @Override
          public void columns(List<String> names) {
            columns.addAll(names);
          }

          @Override
          public void read(ResultSet row) throws SQLException {
            List<Object> values = new ArrayList<>();
            for (int column = 1; column <= columns.size(); column++) {
              values.add(row.getObject(column));
            }
            rows.add(values);
          }
        },
        parameters);
    return new Table(columns, rows);
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  /** A value as text. */
  String text(int row, String column) {
    return String.valueOf(value(row, column));
  }

  /** A value as a number; NaN if there is none. */
  double number(int row, String column) {
    return value(row, column) instanceof Number number ? number.doubleValue() : Double.NaN;
  }

  private Object value(int row, String column) {
    return rows.get(row).get(columns.indexOf(column));
  }

  /** The distinct values of a column, in their order. */
  List<String> distinct(String column) {
    int index = columns.indexOf(column);
    return rows.stream().map(row -> String.valueOf(row.get(index))).distinct().toList();
  }

  /** The rows that have a value in a column. */
  Table where(String column, String value) {
    int index = columns.indexOf(column);
    return new Table(
        columns,
        rows.stream().filter(row -> String.valueOf(row.get(index)).equals(value)).toList());
  }

  /**
   * The rows with the same values in these columns, by a name made of the values that differ in
   * this table; of the last column's alone where none does.
   */
  Map<String, Table> split(List<String> by) {
    List<String> differ = by.stream().filter(column -> distinct(column).size() > 1).toList();
    List<String> named = differ.isEmpty() ? by.subList(by.size() - 1, by.size()) : differ;
    Map<String, Table> parts = new LinkedHashMap<>();
    for (int row = 0; row < rows.size(); row++) {
      int at = row;
      String name =
          named.stream()
              .map(column -> (column.equals("vectors") ? "K = " : "") + text(at, column))
              .collect(Collectors.joining(", "));
      parts
          .computeIfAbsent(name, n -> new Table(columns, new ArrayList<>()))
          .rows
          .add(rows.get(at));
    }
    return parts;
  }

  /** A column as numbers. */
  double[] numbers(String column) {
    double[] numbers = new double[rows.size()];
    for (int row = 0; row < numbers.length; row++) {
      numbers[row] = number(row, column);
    }
    return numbers;
  }

  /** RFC 4180. */
  String csv() {
    StringBuilder csv = new StringBuilder();
    csv.append(String.join(",", columns)).append("\r\n");
    for (List<Object> row : rows) {
      csv.append(row.stream().map(Table::csv).collect(Collectors.joining(","))).append("\r\n");
    }
    return csv.toString();
  }

  private static String csv(Object value) {
    String text = value == null ? "" : value.toString();
    return text.matches("[^\",\r\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
  }

  /** A value as a person reads it. */
  static String shown(Object value) {
    return switch (value) {
      case null -> "";
      case Double number when number.isNaN() -> "";
      case Double number -> rounded(number);
      case Float number -> rounded(number);
      default -> value.toString();
    };
  }

  private static String rounded(double number) {
    double size = Math.abs(number);
    int digits = size == 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
    return String.format(Locale.ROOT, "%." + digits + "f", number);
  }
}
