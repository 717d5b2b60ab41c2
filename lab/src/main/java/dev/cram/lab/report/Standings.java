package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * How recipes did on the same texts: a line for each recipe, source, length and number of vectors.
 *
 * <p>A text that never became exact counts as never, not as missing: a median of steps or seconds
 * is infinite where fewer than half of the texts became exact. Steps are those until most tokens
 * were right, restarts and line searches included; seconds are their share of the whole search.
 * Horizons are by teacher forcing, along the search.
 *
 * @param recipe with what else runs of this name differ in, such as the most steps
 * @param texts that the recipe was tried on; of several seeds of a text, means and medians count
 * @param exact share of them that greedy decoding gives back
 * @param exactBetween its 95% confidence interval (Wilson's, which holds for few texts too)
 * @param steps until exact
 * @param seconds until exact
 * @param horizon mean longest prefix that was exact within the budget, in tokens
 * @param horizonBetween its 95% confidence interval, by the normal distribution; NaN for one text
 * @param margin median over the exact texts of the smallest margin, in logits; NaN if there is none
 */
public record Standings(
    String model,
    String source,
    int length,
    int vectors,
    String recipe,
    int texts,
    double exact,
    Interval exactBetween,
    Quartiles steps,
    Quartiles seconds,
    double horizon,
    Interval horizonBetween,
    double margin) {

  /** From the lower bound to the upper one. */
  public record Interval(double lower, double upper) {}

  /** Quartiles in which infinity stands for never. */
  public record Quartiles(double lower, double median, double upper) {}

  /** What a search may use up before its horizon is taken. */
  public record Budget(double steps, double seconds) {
    public static final Budget UNLIMITED = new Budget(1e9, 1e9);
  }

  /**
   * The standings of some runs.
   *
   * @param ids as {@link dev.cram.lab.run.RunKey#id} gives them
   */
  public static List<Standings> of(LabDatabase database, Set<String> ids, Budget budget) {
    SelectedRuns.of(database, ids);
    return of(Table.of(database, QUERY, budget.steps(), budget.seconds()));
  }

  static List<Standings> of(Table table) {
    List<Standings> standings = new ArrayList<>();
    for (int row = 0; row < table.rows().size(); row++) {
      standings.add(
          new Standings(
              table.text(row, "model"),
              table.text(row, "source"),
              (int) table.number(row, "length"),
              (int) table.number(row, "vectors"),
              table.text(row, "recipe"),
              (int) table.number(row, "texts"),
              table.number(row, "exact"),
              interval(table, row, "exact"),
              quartiles(table, row, "steps"),
              quartiles(table, row, "seconds"),
              table.number(row, "horizon"),
              interval(table, row, "horizon"),
              table.number(row, "margin")));
    }
    return standings;
  }

  private static Interval interval(Table table, int row, String of) {
    return new Interval(table.number(row, of + "_low"), table.number(row, of + "_high"));
  }

  private static Quartiles quartiles(Table table, int row, String of) {
    return new Quartiles(
        table.number(row, of + "_25"),
        table.number(row, of + "_50"),
        table.number(row, of + "_75"));
  }

  /** Of the runs in the view {@code selected}; parameters: a budget of steps and one of seconds. */
  static final String QUERY =
      """
      WITH tried AS (
        SELECT r.*,
          CASE WHEN exact THEN steps_to_best ELSE 'Infinity'::DOUBLE END AS steps_to_exact,
          CASE WHEN exact THEN seconds * steps_to_best / steps ELSE 'Infinity'::DOUBLE END
            AS seconds_to_exact,
          list_max(list_transform(list_zip(curve_step, curve_exact_prefix),
                  lambda p: CASE WHEN p[1] <= ? AND p[1] * seconds / steps <= ? THEN p[2] ELSE 0 END))
            AS held
        FROM selected r JOIN traces USING (id)),
      of_text AS (
      SELECT model, source, length, vectors, recipe, text_hash, sample,
        avg(exact::INTEGER) AS exact,
        quantile_disc(steps_to_exact, 0.5) AS steps_to_exact,
        quantile_disc(seconds_to_exact, 0.5) AS seconds_to_exact,
        avg(held) AS held, median(min_margin) FILTER (WHERE exact) AS min_margin
      FROM tried GROUP BY ALL),
      grouped AS (
      SELECT model, source, length, vectors, recipe, count(*) AS texts,
        avg(exact) AS exact,
        quantile_disc(steps_to_exact, 0.25) AS steps_25,
        quantile_disc(steps_to_exact, 0.5) AS steps_50,
        quantile_disc(steps_to_exact, 0.75) AS steps_75,
        quantile_disc(seconds_to_exact, 0.25) AS seconds_25,
        quantile_disc(seconds_to_exact, 0.5) AS seconds_50,
        quantile_disc(seconds_to_exact, 0.75) AS seconds_75,
        avg(held) AS horizon,
        1.96 * stddev_samp(held) / sqrt(count(*)) AS horizon_half,
        median(min_margin) AS margin
      FROM of_text GROUP BY ALL),
      wilson AS (
        SELECT *, (exact + 1.92 / texts) / (1 + 3.84 / texts) AS centre,
          1.96 * sqrt(exact * (1 - exact) / texts + 0.96 / texts**2) / (1 + 3.84 / texts) AS half
        FROM grouped)
      SELECT model, source, length, vectors, recipe, texts, exact,
        greatest(0, centre - half) AS exact_low, least(1, centre + half) AS exact_high,
        steps_25, steps_50, steps_75, seconds_25, seconds_50, seconds_75,
        horizon, horizon - horizon_half AS horizon_low, horizon + horizon_half AS horizon_high, margin
      FROM wilson ORDER BY model, source, length, vectors, exact DESC, horizon DESC
      """;
}
