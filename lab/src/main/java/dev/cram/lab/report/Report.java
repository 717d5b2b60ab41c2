package dev.cram.lab.report;

import static java.util.stream.Collectors.toCollection;

import dev.cram.lab.database.LabDatabase;
import dev.cram.lm.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A page with the tables and figures of the paper, made from a laboratory database. It opens
 * without a server.
 */
public final class Report {
  private static final Pattern FILES = Pattern.compile("(figures|data)/[\\w.-]+\\.(svg|csv)");

  private Report() {}

  /**
   * Writes the report: {@code index.html}, {@code figures/} with a drawing of each figure as SVG,
   * once for all runs and once for each model and each source, and {@code data/} with the numbers
   * behind them as CSV.
   *
   * @param folder made if it is missing; what an earlier report wrote there is replaced
   * @throws InputException if the database has no runs, or a file cannot be written
   */
  public static void write(LabDatabase database, Path folder) {
    Table counts =
        Table.of(
            database,
            "SELECT count(*) AS runs, count(DISTINCT model) AS models,"
                + " count(DISTINCT source) AS sources, sum(seconds) / 3600 AS hours FROM runs");
    if (counts.number(0, "runs") == 0) {
      throw new InputException("the database has no finished run; run cram measure first");
    }
    try {
      Path page = folder.resolve("index.html");
      String former = Files.exists(page) ? Files.readString(page) : Page.TITLE;
      if (!former.contains(Page.TITLE)) {
        throw new InputException(page + ": is not a report of Cram; choose another folder");
      }
      Set<String> stale = files(former);
      Files.createDirectories(folder.resolve("figures"));
      Files.createDirectories(folder.resolve("data"));
      Map<Selection, List<Figure>> figures = new LinkedHashMap<>();
      for (Selection selection : Selection.of(database)) {
        figures.put(selection, write(database, selection, folder));
      }
      String summary =
          "Runs: %s; models: %s; sources: %s; hours of one core: %s. Point at a mark to see its numbers."
              .formatted(
                  counts.text(0, "runs"),
                  counts.text(0, "models"),
                  counts.text(0, "sources"),
                  Table.shown(counts.number(0, "hours")));
      String html = Page.html(summary, figures, Claims.of(database), about(database));
      Files.writeString(page, html);
      stale.removeAll(files(html));
      for (String name : stale) {
        Files.deleteIfExists(folder.resolve(name));
      }
    } catch (IOException e) {
      throw new InputException(folder + ": the report cannot be written: " + e.getMessage(), e);
    }
  }

  /** The drawings and data that a page of ours refers to. */
  private static Set<String> files(String html) {
    return FILES
        .matcher(html)
        .results()
        .map(MatchResult::group)
        .collect(toCollection(HashSet::new));
  }

  private static Table about(LabDatabase database) {
    return Table.of(
        database,
        """
        SELECT experiment, model, left(weight_fingerprint, 12) AS weights, precision, recipe,
          recipe_revision AS revision, max_steps,
          count(*) AS runs, round(sum(seconds) / 3600, 2) AS hours, machine, software
        FROM runs GROUP BY ALL ORDER BY ALL
        """);
  }

  private static List<Figure> write(LabDatabase database, Selection selection, Path folder)
      throws IOException {
    selection.apply(database);
    List<Figure> figures = Figures.of(database);
    for (Figure figure : figures) {
      if (figure.svg() != null) {
        Files.writeString(folder.resolve(Page.drawing(figure, selection)), figure.svg());
      }
      Files.writeString(folder.resolve(Page.data(figure, selection)), figure.data().csv());
    }
    return figures;
  }
}
