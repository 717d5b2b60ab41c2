package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** How much one vector holds, model by model: Table 1 and Figures 1 and 5 of the paper. */
final class CapacityFigures {
  /**
   * Decoding Capacity: the longest length whose mean accuracy is at least 0.99. Gains are averaged
   * over the runs that are not lossless, since only those fill the vector (Kuratov et al. 2025).
   * Where nearly every text has a length of its own, lengths that differ by less than 32 tokens
   * count as one.
   */
  private static final String TABLE =
      """
      WITH runs_of_texts AS (SELECT * FROM %1$s WHERE vectors = 1 AND first_seed),
      spread AS (
        SELECT model, precision, recipe, source,
          count(DISTINCT length) > 20 AND count(*) < 2 * count(DISTINCT length) AS uniform
        FROM runs_of_texts GROUP BY ALL),
      by_length AS (
        SELECT model, precision, recipe, source,
          CASE WHEN uniform THEN (length - 1) // 32 ELSE length END AS alike,
          max(length) AS length, avg(accuracy) AS mean_accuracy
        FROM runs_of_texts JOIN spread USING (model, precision, recipe, source) GROUP BY ALL),
      capacity AS (
        SELECT model, precision, recipe, source,
          coalesce(max(length) FILTER (mean_accuracy >= decoded()), 0) AS max_tokens
        FROM by_length GROUP BY ALL),
      gains AS (
        SELECT model, precision, recipe, source,
          count(*) FILTER (accuracy <= decoded()) AS saturated_runs,
          avg(token_gain) FILTER (accuracy <= decoded()) AS token_gain,
          stddev_samp(token_gain) FILTER (accuracy <= decoded()) AS token_gain_std,
          avg(information_gain) FILTER (accuracy <= decoded()) AS information_gain,
          stddev_samp(information_gain) FILTER (accuracy <= decoded()) AS information_gain_std,
          avg(capacity_utilisation) FILTER (accuracy <= decoded()) AS capacity_utilisation,
          any_value(theoretical_bound) AS theoretical_bound,
          any_value(model_name) AS model_name,
          max(horizon) FILTER (exact) AS longest_exact,
          count(*) AS runs
        FROM runs_of_texts GROUP BY ALL)
      SELECT * FROM capacity JOIN gains USING (model, precision, recipe, source)
      ORDER BY model, precision, recipe, source
      """;

  private CapacityFigures() {}

  static Optional<Figure> table1(LabDatabase database) {
    Table measured = Table.of(database, TABLE.formatted("selected"));
    if (measured.isEmpty()) {
      return Optional.empty();
    }
    List<List<Object>> rows = new ArrayList<>();
    for (int row = 0; row < measured.rows().size(); row++) {
      Object gain = plusMinus(measured, row, "token_gain");
      Object information = plusMinus(measured, row, "information_gain");
      String recipe = measured.text(row, "recipe");
      String precision = ", " + measured.text(row, "precision");
      rows.add(
          List.of(
              measured.text(row, "model"),
              recipe.endsWith(precision) ? recipe : recipe + precision,
              measured.text(row, "source"),
              measured.text(row, "max_tokens"),
              gain,
              information,
              Table.shown(100 * measured.number(row, "capacity_utilisation")),
              measured.text(row, "saturated_runs") + " of " + measured.text(row, "runs")));
      PaperValues.of(measured.text(row, "model_name"))
          .ifPresent(paper -> rows.addAll(paper.rows()));
    }
    Table table =
        new Table(
            List.of(
                "model",
                "recipe",
                "source",
                "Decoding Capacity (tokens)",
                "Token Gain (tokens)",
                "Information Gain (nats)",
                "utilisation (%)",
                "runs not lossless"),
            rows.stream().distinct().toList());
    return Optional.of(
        new Figure(
            "table1",
            "What one vector holds (Table 1)",
            "Decoding Capacity: the longest length whose mean teacher-forced accuracy is at least"
                + " 0.99; 0 if none is. Gains: mean ± standard deviation over the runs that are not"
                + " lossless. Utilisation: Token Gain over the bound of Eq. 1 with 16 bits a number."
                + " Rows in italics are what Kuratov et al. 2025 report of the same model.",
            null,
            table));
  }

  private static String plusMinus(Table table, int row, String column) {
    double mean = table.number(row, column);
    double deviation = table.number(row, column + "_std");
    return Double.isNaN(mean)
        ? ""
        : Table.shown(mean) + (Double.isNaN(deviation) ? "" : " ± " + Table.shown(deviation));
  }

  static Optional<Figure> bars(LabDatabase database) {
    Table measured = Table.of(database, TABLE.formatted("series"));
    if (measured.isEmpty()) {
      return Optional.empty();
    }
    List<String> models = measured.distinct("model");
    Bars bars = new Bars(models, "Token Gain of one vector (tokens)");
    for (String source : measured.distinct("source")) {
      Table ofSource = measured.where("source", source);
      bars.bars(
          source,
          perModel(ofSource, models, "token_gain"),
          perModel(ofSource, models, "token_gain_std"));
    }
    return Optional.of(
        new Figure(
            "figure1",
            "Token Gain by model (Figure 1)",
            "Tokens that are right with one vector but not without, mean over the runs that are not"
                + " lossless; the error bar is the standard deviation.",
            bars.svg(),
            measured));
  }

  /** The first value of each model; NaN where there is none, which draws no bar. */
  private static double[] perModel(Table table, List<String> models, String column) {
    return models.stream()
        .mapToDouble(model -> {
          Table rows = table.where("model", model);
          return rows.isEmpty() ? Double.NaN : rows.number(0, column);
        })
        .toArray();
  }

  static Optional<Figure> utilisation(LabDatabase database) {
    Table measured = Table.of(database, TABLE.formatted("series"));
    if (measured.isEmpty()) {
      return Optional.empty();
    }
    Chart chart =
        new Chart("theoretical bound, Eq. 1 (tokens)", "Token Gain of one vector (tokens)")
            .logarithmicX()
            .logarithmicY();
    for (String model : measured.distinct("model")) {
      Table ofModel = measured.where("model", model);
      chart.points(
          model, ofModel.numbers("theoretical_bound"), positive(ofModel.numbers("token_gain")));
    }
    Table paper = PaperValues.all();
    chart.points(
        "paper, PG-19", paper.numbers("theoretical_bound"), paper.numbers("pg19_token_gain"));
    chart.points(
        "paper, random", paper.numbers("theoretical_bound"), paper.numbers("random_token_gain"));
    double[] ends = {200, 5000};
    for (double share : new double[] {1, 0.3, 0.1}) {
      chart.reference(
          Math.round(100 * share) + "% of the bound",
          ends,
          new double[] {share * ends[0], share * ends[1]});
    }
    return Optional.of(
        new Figure(
            "figure5",
            "Theoretical and actual capacity (Figure 5)",
            "Each point is a model and a source; the dashed lines are shares of the bound. The"
                + " paper's points are typed from its tables.",
            chart.svg(),
            measured));
  }

  private static double[] positive(double[] values) {
    return Arrays.stream(values).map(value -> value > 0 ? value : Double.NaN).toArray();
  }
}
