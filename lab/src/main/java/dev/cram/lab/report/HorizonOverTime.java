package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;

/** The longest exact prefix so far, by teacher forcing, as a mean over searches, against time. */
final class HorizonOverTime {
  /** A search that has ended keeps what it had. */
  private static final String QUERY =
      """
      WITH points AS (
        SELECT %1$s, id, seconds * unnest(curve_step) / steps AS moment,
          unnest(curve_exact_prefix) AS prefix
        FROM %2$s JOIN traces USING (id)),
      ends AS (SELECT %3$s, max(moment) AS latest FROM points GROUP BY ALL),
      times AS (
        SELECT %3$s, latest * pow(2, (i - 40) / 4.0) AS time FROM ends, range(0, 41) AS r (i)),
      best AS (
        SELECT id, moment, max(prefix) OVER (PARTITION BY id ORDER BY moment) AS best FROM points),
      searches AS (SELECT DISTINCT %1$s, id FROM points),
      held AS (
        SELECT s.*, time, coalesce(best, 0) AS held
        FROM searches s JOIN times USING (%3$s)
          ASOF LEFT JOIN best b ON s.id = b.id AND time >= b.moment)
      SELECT %1$s, time AS seconds, avg(held) AS horizon, count(*) AS %4$s
      FROM held GROUP BY ALL %5$s ORDER BY ALL
      """;

  private HorizonOverTime() {}

  /**
   * Columns {@code seconds} and {@code horizon} (tokens), and how many searches they are the mean
   * of.
   *
   * @param runs a view or query of runs
   * @param keys columns whose values a mean is taken for, the ones of {@code grid} among them
   * @param grid columns for each of whose values there are other times, up to the latest step
   * @param count what the number of searches is called
   * @param least searches of a mean
   */
  static Table of(
      LabDatabase database, String runs, String keys, String grid, String count, int least) {
    return Table.of(
        database,
        QUERY.formatted(keys, runs, grid, count, least > 1 ? "HAVING count(*) >= " + least : ""));
  }
}
