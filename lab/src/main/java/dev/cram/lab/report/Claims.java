package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.ArrayList;
import java.util.List;

/**
 * The laws that Kuratov et al. 2025 state, tested on what was measured.
 *
 * <p>"About the same" means a difference of at most a third of the larger value. A verdict is given
 * where twice the standard error of the difference leaves no doubt about it, and "undecided" stands
 * otherwise.
 */
final class Claims {
  private static final double ABOUT = 1 / 3.0;
  private static final double STANDARD_ERRORS = 2;

  private final LabDatabase database;
  private final String model;
  private final String recipe;
  private final List<List<Object>> rows;

  private Claims(LabDatabase database, String model, String recipe, List<List<Object>> rows) {
    this.database = database;
    this.model = model;
    this.recipe = recipe;
    this.rows = rows;
  }

  /** A row for each claim, model and recipe that there is enough data for, of all runs. */
  static Table of(LabDatabase database) {
    SelectedRuns.all(database);
    List<List<Object>> rows = new ArrayList<>();
    Table models =
        Table.of(database, "SELECT DISTINCT model, recipe FROM selected ORDER BY model, recipe");
    for (int row = 0; row < models.rows().size(); row++) {
      var claims =
          new Claims(database, models.text(row, "model"), models.text(row, "recipe"), rows);
      claims.naturalAndRandomGainTheSame();
      claims.gainIsConstantOverLength();
      claims.gainGrowsLinearlyWithVectors();
      claims.capacityGrowsLinearlyWithVectors();
      claims.naturalDecodesLonger();
    }
    return new Table(List.of("model", "recipe", "claim", "verdict", "measured"), rows);
  }

  /** A mean with what it takes to judge it. */
  private record Mean(double value, double deviation, long count) {
    static Mean of(Table table, int row) {
      double deviation = table.number(row, "deviation");
      return new Mean(
          table.number(row, "mean"),
          Double.isNaN(deviation) ? 0 : deviation,
          (long) table.number(row, "runs"));
    }

    double squaredError() {
      return count < 2 ? Double.POSITIVE_INFINITY : deviation * deviation / count;
    }

    Mean times(double factor) {
      return new Mean(value * factor, deviation * factor, count);
    }

    String in(String unit) {
      return "%s ± %s %s (%d %s)"
          .formatted(
              Table.shown(value), Table.shown(deviation), unit, count, count == 1 ? "run" : "runs");
    }
  }

  private static double error(Mean a, Mean b) {
    return STANDARD_ERRORS * Math.sqrt(a.squaredError() + b.squaredError());
  }

  private static String alike(Mean a, Mean b) {
    double room =
        ABOUT * Math.max(Math.abs(a.value()), Math.abs(b.value()))
            - Math.abs(a.value() - b.value());
    return Math.abs(room) < error(a, b) ? "undecided" : room > 0 ? "holds" : "fails";
  }

  private static String larger(Mean a, Mean b) {
    double more = a.value() - b.value();
    return Math.abs(more) < error(a, b) ? "undecided" : more > 0 ? "holds" : "fails";
  }

  private void add(String claim, String verdict, String measured) {
    rows.add(List.of(model, recipe, claim, verdict, measured));
  }

  private Table query(String sql) {
    return Table.of(database, sql, model, recipe);
  }

  private void naturalAndRandomGainTheSame() {
    Table gains =
        query(
            """
            SELECT starts_with(source, 'random') AS random, avg(information_gain) AS mean,
              stddev_samp(information_gain) AS deviation, count(*) AS runs
            FROM selected
            WHERE model = ? AND recipe = ? AND vectors = 1 AND first_seed AND accuracy <= decoded()
            GROUP BY ALL ORDER BY random
            """);
    if (gains.rows().size() == 2) {
      Mean natural = Mean.of(gains, 0);
      Mean random = Mean.of(gains, 1);
      add(
          "Information Gain is about the same for natural and random text",
          alike(natural, random),
          "natural %s, random %s".formatted(natural.in("nats"), random.in("nats")));
    }
  }

  /**
   * A length is saturated where no text is held without loss; among the others it is the hard texts
   * that are left, whose gain is small.
   */
  private void gainIsConstantOverLength() {
    Table gains =
        query(
            """
            SELECT length, avg(information_gain) AS mean, stddev_samp(information_gain) AS deviation,
              count(*) AS runs
            FROM selected WHERE model = ? AND recipe = ? AND vectors = 1 AND first_seed
            GROUP BY ALL
            HAVING count(*) > 1 AND count(*) FILTER (accuracy > decoded()) <= count(*) / 10
            ORDER BY length
            """);
    int last = gains.rows().size() - 1;
    if (last >= 1) {
      Mean shortest = Mean.of(gains, 0);
      Mean longest = Mean.of(gains, last);
      add(
          "Information Gain is constant over the length once saturated",
          alike(shortest, longest),
          "%s at %s tokens, %s at %s"
              .formatted(
                  shortest.in("nats"),
                  gains.text(0, "length"),
                  longest.in("nats"),
                  gains.text(last, "length")));
    }
  }

  /** Texts of a length that were run with several numbers of vectors, so that like meets like. */
  private static final String WITH_SEVERAL_VECTORS =
      """
      first_seed AND (model, recipe, source, text_hash, length) IN (
        SELECT (model, recipe, source, text_hash, length) FROM selected
        GROUP BY model, recipe, source, text_hash, length HAVING count(DISTINCT vectors) > 1)
      """;

  private void gainGrowsLinearlyWithVectors() {
    Table gains =
        query(
            """
            SELECT vectors, avg(information_gain) AS mean, stddev_samp(information_gain) AS deviation,
              count(*) AS runs
            FROM selected WHERE model = ? AND recipe = ? AND accuracy <= decoded() AND %s
            GROUP BY ALL HAVING count(*) > 1 ORDER BY vectors
            """
                .formatted(WITH_SEVERAL_VECTORS));
    int last = gains.rows().size() - 1;
    if (last >= 1) {
      Mean fewest = Mean.of(gains, 0).times(1 / gains.number(0, "vectors"));
      Mean most = Mean.of(gains, last).times(1 / gains.number(last, "vectors"));
      add(
          "Capacity grows linearly with K: Information Gain a vector",
          alike(fewest, most),
          "%s at K = %s, %s at K = %s"
              .formatted(
                  fewest.in("nats"),
                  gains.text(0, "vectors"),
                  most.in("nats"),
                  gains.text(last, "vectors")));
    }
  }

  /** The longest length at which each text is decoded, as a mean over the texts. */
  private static final String DECODED =
      """
      WITH of_text AS (
        SELECT %1$s AS part, source, sample,
          coalesce(max(length) FILTER (accuracy >= decoded()), 0) AS tokens
        FROM selected WHERE model = ? AND recipe = ? AND first_seed AND %2$s GROUP BY ALL)
      SELECT part, avg(tokens) AS mean, stddev_samp(tokens) AS deviation, count(*) AS runs
      FROM of_text GROUP BY ALL HAVING count(*) > 1 ORDER BY part
      """;

  private void capacityGrowsLinearlyWithVectors() {
    Table capacities = query(DECODED.formatted("vectors", WITH_SEVERAL_VECTORS));
    int last = capacities.rows().size() - 1;
    if (last >= 1 && capacities.number(0, "mean") > 0) {
      Mean fewest = Mean.of(capacities, 0).times(1 / capacities.number(0, "part"));
      Mean most = Mean.of(capacities, last).times(1 / capacities.number(last, "part"));
      add(
          "Capacity grows linearly with K: tokens decoded a vector",
          alike(fewest, most),
          "%s at K = %s, %s at K = %s"
              .formatted(
                  fewest.in("tokens").replace("run", "text"),
                  capacities.text(0, "part"),
                  most.in("tokens").replace("run", "text"),
                  capacities.text(last, "part")));
    }
  }

  /** Lengths that several texts of both kinds have, where one text has them all. */
  private static final String OF_BOTH_KINDS =
      """
      vectors = 1 AND length IN (
        SELECT length FROM selected other
        WHERE other.model = selected.model AND other.recipe = selected.recipe AND vectors = 1
          AND first_seed
        GROUP BY length HAVING count(*) FILTER (starts_with(source, 'random')) > 1
          AND count(*) FILTER (NOT starts_with(source, 'random')) > 1)
      """;

  private void naturalDecodesLonger() {
    Table decoded = query(DECODED.formatted("starts_with(source, 'random')", OF_BOTH_KINDS));
    if (decoded.rows().size() == 2) {
      Mean natural = Mean.of(decoded, 0);
      Mean random = Mean.of(decoded, 1);
      add(
          "Natural text decodes longer than random text",
          larger(natural, random),
          "longest length of the grid that is decoded: natural %s, random %s"
              .formatted(
                  natural.in("tokens").replace("run", "text"),
                  random.in("tokens").replace("run", "text")));
    }
  }
}
