package dev.cram.lab.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What Kuratov et al. 2025 report for their models, one vector each. */
final class PaperValues {
  /** What stands in the place of a recipe in rows of the paper. */
  static final String RECIPE = "paper's own values";

  private static final Table ALL = read();

  private final int row;

  private PaperValues(int row) {
    this.row = row;
  }

  static Table all() {
    return ALL;
  }

  /**
   * The paper's values of a model.
   *
   * @param model its name here: the paper's, or the last part of its address on the hub
   */
  static Optional<PaperValues> of(String model) {
    String wanted = model.toLowerCase(Locale.ROOT);
    for (int row = 0; row < ALL.rows().size(); row++) {
      String link = ALL.text(row, "link").toLowerCase(Locale.ROOT);
      if (ALL.text(row, "model").equalsIgnoreCase(model)
          || link.equals(wanted)
          || link.endsWith("/" + wanted)) {
        return Optional.of(new PaperValues(row));
      }
    }
    return Optional.empty();
  }

  /** As rows of Table 1. */
  List<List<Object>> rows() {
    List<List<Object>> rows = new ArrayList<>();
    for (String source : List.of("pg19", "random")) {
      double gain = ALL.number(row, source + "_token_gain");
      rows.add(
          List.of(
              ALL.text(row, "model"),
              RECIPE,
              source,
              "",
              Table.shown(gain),
              Table.shown(ALL.number(row, source + "_information_gain")),
              Table.shown(100 * gain / ALL.number(row, "theoretical_bound")),
              ""));
    }
    return rows;
  }

  private static Table read() {
    List<String> lines = Resources.text("paper.csv").lines().toList();
    List<List<Object>> rows = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      List<Object> values = new ArrayList<>();
      for (String field : line.split(",")) {
        values.add(field.matches("[0-9.]+") ? (Object) Double.valueOf(field) : field);
      }
      rows.add(values);
    }
    return new Table(Arrays.asList(lines.getFirst().split(",")), rows);
  }
}
