package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Figures and tables of the runs that someone looks at, for programs that show them themselves.
 *
 * @param figures of the chosen runs; those without data are left out
 * @param runs the chosen runs, the latest {@value #MOST_RUNS} of them
 * @param claims the laws of the paper, tested on all runs
 * @param choices the values of each column that runs can be chosen by
 * @param count of the chosen runs
 */
public record Gallery(
    List<Panel> figures, Panel runs, Panel claims, Map<String, List<String>> choices, long count) {
  private static final int MOST_RUNS = 300;

  /** The columns that runs can be chosen by. */
  private static final List<String> CHOOSABLE =
      List.of("model", "source", "length", "vectors", "recipe", "precision", "experiment");

  /**
   * A figure or a table.
   *
   * @param svg the drawing; null for a table
   * @param columns of the numbers behind it
   * @param rows as a person reads them
   */
  public record Panel(
      String id,
      String title,
      String caption,
      String svg,
      List<String> columns,
      List<List<String>> rows) {}

  /**
   * Looks at a database.
   *
   * @param chosen a value for each column that runs are chosen by; other columns are not looked at
   */
  public static Gallery of(LabDatabase database, Map<String, String> chosen) {
    String where =
        CHOOSABLE.stream()
            .filter(chosen::containsKey)
            .map(column ->
                "CAST(%s AS VARCHAR) = '%s'"
                    .formatted(column, chosen.get(column).replace("'", "''")))
            .collect(Collectors.joining(" AND "));
    SelectedRuns.where(database, where.isEmpty() ? "true" : where);
    Map<String, List<String>> choices = new LinkedHashMap<>();
    for (String column : CHOOSABLE) {
      choices.put(
          column,
          Table.of(database, "SELECT DISTINCT %1$s FROM runs ORDER BY %1$s".formatted(column))
              .distinct(column));
    }
    Table runs =
        Table.of(
            database,
            """
            SELECT model, source, length, vectors, recipe, seed, sample, accuracy, exact, horizon,
              token_gain, information_gain, capacity_utilisation, steps, round(seconds, 2) AS seconds
            FROM selected ORDER BY started DESC LIMIT %d
            """
                .formatted(MOST_RUNS));
    Table count = Table.of(database, "SELECT count(*) AS n FROM selected");
    List<Panel> figures =
        count.number(0, "n") == 0
            ? List.of()
            : Figures.of(database).stream()
                .map(f -> panel(f.id(), f.title(), f.caption(), f.svg(), f.data()))
                .toList();
    return new Gallery(
        figures,
        panel("runs", "Runs", "The latest " + MOST_RUNS + " at most.", null, runs),
        panel(
            "claims",
            "The laws of the paper, as claims",
            "Tested on all runs.",
            null,
            Claims.of(database)),
        choices,
        (long) count.number(0, "n"));
  }

  private static Panel panel(String id, String title, String caption, String svg, Table table) {
    return new Panel(
        id,
        title,
        caption,
        svg,
        table.columns(),
        table.rows().stream().map(row -> row.stream().map(Table::shown).toList()).toList());
  }
}
