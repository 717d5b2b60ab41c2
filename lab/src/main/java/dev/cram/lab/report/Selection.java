package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.ArrayList;
import java.util.List;

/**
 * The runs that a set of figures is drawn from: all of them, those of one model or those of one
 * source.
 *
 * @param column of the results that is the same for all of them; empty for all runs
 * @param value of the column
 */
record Selection(String column, String value) {
  static final Selection ALL = new Selection("", "");

  /** All runs first, then each model and each source where there are several. */
  static List<Selection> of(LabDatabase database) {
    List<Selection> selections = new ArrayList<>();
    selections.add(ALL);
    for (String column : List.of("model", "source")) {
      List<String> values =
          Table.of(
                  database,
                  "SELECT %s FROM runs GROUP BY 1 ORDER BY count(*) DESC, 1".formatted(column))
              .distinct(column);
      if (values.size() > 1) {
        values.forEach(value -> selections.add(new Selection(column, value)));
      }
    }
    return selections;
  }

  /** Makes the views of {@link SelectedRuns} have these runs. */
  void apply(LabDatabase database) {
    SelectedRuns.where(
        database,
        column.isEmpty() ? "true" : "%s = '%s'".formatted(column, value.replace("'", "''")));
  }

  /** As a part of a file's name. */
  String fileName() {
    if (column.isEmpty()) {
      return "";
    }
    String plain = value.replaceAll("[^A-Za-z0-9._-]", "_");
    // Other values may become the same.
    String mark = plain.equals(value) ? "" : "-" + Integer.toHexString(value.hashCode());
    return "--" + column + "-" + plain + mark;
  }

  /** As an identifier in the page. */
  String id() {
    return column.isEmpty() ? "" : column + ":" + value;
  }
}
