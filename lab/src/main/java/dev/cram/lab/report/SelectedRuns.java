package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The views that tables and figures are made from: {@code selected} has some of the results, and
 * {@code series} has the same ones for figures that tell models apart, but not recipes.
 *
 * <p>A mean says something only of runs that are alike. So where runs of one model have other
 * weights, the model's name says so here, and where its runs of one recipe have other step budgets,
 * patience, precisions or revisions, the recipe's name does. The names themselves are {@code
 * model_name} and {@code recipe_name}. Of runs that differ in their seeds alone, one has {@code
 * first_seed}.
 */
final class SelectedRuns {
  private static final String ALIKE =
      """
      CREATE OR REPLACE TEMP VIEW alike AS
      WITH models AS (
        SELECT model, count(DISTINCT weight_fingerprint) AS weights FROM results GROUP BY model),
      recipes AS (
        SELECT model, recipe, count(DISTINCT coalesce(recipe_revision, 0)) AS revisions,
          count(DISTINCT max_steps) AS budgets, count(DISTINCT (max_steps, patience)) AS patiences,
          count(DISTINCT precision) AS precisions
        FROM results GROUP BY model, recipe)
      SELECT r.* REPLACE (
        r.model || CASE WHEN weights > 1 THEN ' ' || left(weight_fingerprint, 8) ELSE '' END AS model,
        r.recipe
          || CASE WHEN revisions > 1
            THEN coalesce(' revision ' || recipe_revision, ' of an older version') ELSE '' END
          || CASE WHEN budgets > 1 THEN ', ' || max_steps || ' steps' ELSE '' END
          || CASE WHEN patiences > budgets THEN ', patience ' || patience ELSE '' END
          || CASE WHEN precisions > 1 THEN ', ' || precision ELSE '' END AS recipe),
        r.model AS model_name, r.recipe AS recipe_name
      FROM results r JOIN models ON r.model = models.model
        JOIN recipes ON r.model = recipes.model AND r.recipe = recipes.recipe
      """;

  /** Where there are several recipes, each counts as a model of its own. */
  private static final String SERIES =
      """
      CREATE OR REPLACE TEMP VIEW series AS
      WITH counts AS (
        SELECT count(DISTINCT model) AS models, count(DISTINCT recipe) AS recipes FROM selected)
      SELECT selected.* REPLACE (
        CASE WHEN recipes < 2 THEN model WHEN models < 2 THEN recipe ELSE model || ', ' || recipe END
          AS model)
      FROM selected, counts
      """;

  /** Runs of one text from other seeds say nothing of other texts. */
  private static final String FIRST_SEED =
      "row_number() OVER (PARTITION BY model, recipe, source, text_hash, length, vectors"
          + " ORDER BY seed) = 1 AS first_seed";

  private SelectedRuns() {}

  /** Makes the views have all runs. */
  static void all(LabDatabase database) {
    where(database, "true");
  }

  /**
   * Makes them have the runs that meet a condition.
   *
   * @param condition in SQL, of columns of the view {@code results}
   */
  static void where(LabDatabase database, String condition) {
    database.execute(ALIKE);
    database.execute(
        "CREATE OR REPLACE TEMP VIEW selected AS SELECT *, "
            + FIRST_SEED
            + " FROM alike WHERE id IN (SELECT id FROM results WHERE "
            + condition
            + ")");
    database.execute(SERIES);
  }

  /**
   * Makes them have some runs, if they are there.
   *
   * @param ids as {@link dev.cram.lab.run.RunKey#id} gives them
   */
  static void of(LabDatabase database, Set<String> ids) {
    String list = ids.stream().map(id -> "'" + id + "'").collect(Collectors.joining(", "));
    database.execute(
        "CREATE OR REPLACE TEMP TABLE chosen AS SELECT unnest([%s]::VARCHAR[]) AS chosen_id"
            .formatted(list));
    where(database, "id IN (SELECT chosen_id FROM chosen)");
  }
}
