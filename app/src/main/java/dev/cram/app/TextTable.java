package dev.cram.app;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Rows of text in columns that are as wide as they have to be. */
final class TextTable {
  private final boolean[] right;
  private final List<String[]> rows = new ArrayList<>();

  /**
   * @param titles of the columns; {@code >} before one puts its column to the right
   */
  TextTable(String... titles) {
    right = new boolean[titles.length];
    String[] shown = new String[titles.length];
    for (int col = 0; col < titles.length; col++) {
      right[col] = titles[col].startsWith(">");
      shown[col] = right[col] ? titles[col].substring(1) : titles[col];
    }
    rows.add(shown);
  }

  /** Adds a row with as many cells as there are titles. */
  void row(String... cells) {
    rows.add(cells);
  }

  void print(PrintStream out) {
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int col = 0; col < right.length; col++) {
        String blanks = " ".repeat(width(col) - row[col].length());
        line.append(col == 0 ? "" : "  ")
            .append(right[col] ? blanks + row[col] : row[col] + blanks);
      }
      out.println(line.toString().stripTrailing());
    }
  }

  private int width(int col) {
    return rows.stream().mapToInt(row -> row[col].length()).max().orElse(0);
  }
}
