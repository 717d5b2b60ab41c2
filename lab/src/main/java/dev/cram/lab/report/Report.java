package dev.cram.lab.report;

import dev.cram.lab.Experiment;
import dev.cram.lab.database.LabDatabase;
import dev.cram.lm.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A page with the tables and figures of the paper, made from a laboratory database. It opens
 * without a server.
 */
public final class Report {
  private static final String ALL_MODELS = "";

  private Report() {}

  /**
   * Writes the report: {@code index.html}, {@code figures/} with a drawing of each figure as SVG,
   * once for all models and once for each, and {@code data/} with the numbers behind them as CSV.
   *
   * @param folder made if it is missing; files of an earlier report are replaced
   * @throws InputException if the database has no runs, or a file cannot be written
   */
  public static void write(LabDatabase database, Path folder) {
    List<String> models =
        Table.of(database, "SELECT DISTINCT model FROM runs ORDER BY model").distinct("model");
    if (models.isEmpty()) {
      throw new InputException("the database has no finished run; run cram measure first");
    }
    database.execute("CREATE OR REPLACE TEMP MACRO decoded() AS " + Experiment.DECODED);
    try {
      Files.createDirectories(folder.resolve("figures"));
      Files.createDirectories(folder.resolve("data"));
      Map<String, List<Figure>> figures = new LinkedHashMap<>();
      figures.put(ALL_MODELS, write(database, ALL_MODELS, folder));
      if (models.size() > 1) {
        for (String model : models) {
          figures.put(model, write(database, model, folder));
        }
      }
      Files.writeString(
          folder.resolve("index.html"),
          Page.html(figures, models, Claims.of(database), about(database)));
    } catch (IOException e) {
      throw new InputException(folder + ": the report cannot be written: " + e.getMessage(), e);
    }
  }

  private static Table about(LabDatabase database) {
    return Table.of(
        database,
        """
        SELECT experiment, model, left(weight_fingerprint, 12) AS weights, precision, recipe, max_steps,
          count(*) AS runs, round(sum(seconds) / 3600, 2) AS hours, machine, software
        FROM runs GROUP BY ALL ORDER BY ALL
        """);
  }

  private static List<Figure> write(LabDatabase database, String model, Path folder)
      throws IOException {
    database.execute(
        "CREATE OR REPLACE TEMP VIEW selected AS SELECT * FROM results"
            + (model.equals(ALL_MODELS)
                ? ""
                : " WHERE model = '" + model.replace("'", "''") + "'"));
    List<Figure> figures = Figures.of(database);
    for (Figure figure : figures) {
      if (figure.svg() != null) {
        Files.writeString(folder.resolve(Page.drawing(figure, model)), figure.svg());
      }
      Files.writeString(folder.resolve(Page.data(figure, model)), figure.data().csv());
    }
    return figures;
  }
}
