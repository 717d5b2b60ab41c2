package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.ArrayList;
import java.util.List;

/**
 * The laws that Kuratov et al. 2025 state, tested on what was measured. What counts as "about the
 * same" is a third of the larger value.
 */
final class Claims {
  private static final double ABOUT = 1 / 3.0;

  private Claims() {}

  /** A row for each claim and model that there is enough data for. */
  static Table of(LabDatabase database) {
    List<List<Object>> rows = new ArrayList<>();
    for (String model :
        Table.of(database, "SELECT DISTINCT model FROM runs ORDER BY model").distinct("model")) {
      naturalAndRandom(database, model, rows);
      constantOverLength(database, model, rows);
      linearInVectors(database, model, rows);
      naturalDecodesLonger(database, model, rows);
    }
    return new Table(List.of("model", "claim", "verdict", "measured"), rows);
  }

  private static void naturalAndRandom(
      LabDatabase database, String model, List<List<Object>> rows) {
    Table gains =
        Table.of(
            database,
            """
            SELECT source = 'random' AS random, avg(information_gain) AS gain, count(*) AS runs
            FROM results WHERE model = ? AND vectors = 1 AND accuracy <= 0.99 GROUP BY ALL
            """,
            model);
    if (gains.rows().size() < 2) {
      return;
    }
    double natural = gains.where("random", "false").number(0, "gain");
    double random = gains.where("random", "true").number(0, "gain");
    add(
        rows,
        model,
        "Information Gain is about the same for natural and random text",
        alike(natural, random),
        "natural %s nats, random %s nats".formatted(Table.shown(natural), Table.shown(random)));
  }

  private static void constantOverLength(
      LabDatabase database, String model, List<List<Object>> rows) {
    Table gains =
        Table.of(
            database,
            """
            SELECT length, avg(information_gain) AS gain, count(*) AS runs
            FROM results WHERE model = ? AND vectors = 1 AND accuracy <= 0.99
            GROUP BY ALL HAVING count(*) >= 5 ORDER BY length
            """,
            model);
    if (gains.rows().size() < 2) {
      return;
    }
    // The longest lengths are surely saturated; shorter ones only in their hardest texts.
    int last = gains.rows().size() - 1;
    double shorter = gains.number(last - 1, "gain");
    double longest = gains.number(last, "gain");
    add(
        rows,
        model,
        "Information Gain is constant over the length once saturated",
        alike(shorter, longest),
        "%s nats at %s tokens, %s at %s"
            .formatted(
                Table.shown(shorter),
                gains.text(last - 1, "length"),
                Table.shown(longest),
                gains.text(last, "length")));
  }

  private static void linearInVectors(LabDatabase database, String model, List<List<Object>> rows) {
    Table capacities =
        Table.of(
            database,
            """
            WITH by_length AS (
              SELECT vectors, length, avg(accuracy) AS mean_accuracy
              FROM results WHERE model = ? GROUP BY ALL)
            SELECT vectors, max(length) AS capacity FROM by_length
            WHERE mean_accuracy >= 0.99 GROUP BY ALL ORDER BY vectors
            """,
            model);
    if (capacities.rows().size() < 2) {
      return;
    }
    int last = capacities.rows().size() - 1;
    double first = capacities.number(0, "capacity") / capacities.number(0, "vectors");
    double most = capacities.number(last, "capacity") / capacities.number(last, "vectors");
    add(
        rows,
        model,
        "Capacity grows linearly with K",
        alike(first, most),
        "%s tokens a vector at K = %s, %s at K = %s"
            .formatted(
                Table.shown(first),
                capacities.text(0, "vectors"),
                Table.shown(most),
                capacities.text(last, "vectors")));
  }

  private static void naturalDecodesLonger(
      LabDatabase database, String model, List<List<Object>> rows) {
    Table horizons =
        Table.of(
            database,
            """
            SELECT source = 'random' AS random, avg(horizon) AS horizon
            FROM results WHERE model = ? AND vectors = 1
              AND length = (SELECT max(length) FROM results WHERE model = ? AND vectors = 1)
            GROUP BY ALL
            """,
            model,
            model);
    if (horizons.rows().size() < 2) {
      return;
    }
    double natural = horizons.where("random", "false").number(0, "horizon");
    double random = horizons.where("random", "true").number(0, "horizon");
    add(
        rows,
        model,
        "Natural text decodes longer than random text",
        natural > random,
        "mean horizon at the longest length: natural %s tokens, random %s"
            .formatted(Table.shown(natural), Table.shown(random)));
  }

  private static boolean alike(double a, double b) {
    return Math.abs(a - b) <= ABOUT * Math.max(Math.abs(a), Math.abs(b));
  }

  private static void add(
      List<List<Object>> rows, String model, String claim, boolean holds, String measured) {
    rows.add(List.of(model, claim, holds ? "holds" : "fails", measured));
  }
}
