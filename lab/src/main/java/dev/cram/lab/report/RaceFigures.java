package dev.cram.lab.report;

import dev.cram.lab.database.LabDatabase;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Recipes against each other on the same texts. Nothing where there is only one recipe. */
final class RaceFigures {
  /** Recipes are compared on what is alike in all but the last of these. */
  private static final List<String> ALIKE =
      List.of("model", "source", "length", "vectors", "recipe");

  private RaceFigures() {}

  static Optional<Figure> standings(LabDatabase database) {
    if (!isRace(database)) {
      return Optional.empty();
    }
    Standings.Budget all = Standings.Budget.UNLIMITED;
    return Optional.of(
        new Figure(
            "race",
            "Recipes on the same texts",
            "Quartiles of steps and seconds until a text is exact; a text that never is counts as"
                + " infinitely many. Horizon: mean longest exact prefix in all of the search, in"
                + " tokens. From low to high: 95% confidence intervals.",
            null,
            Table.of(database, Standings.QUERY, all.steps(), all.seconds())));
  }

  static Optional<Figure> shareExact(LabDatabase database) {
    if (!isRace(database)) {
      return Optional.empty();
    }
    Table shares =
        Table.of(
            database,
            """
            WITH ended AS (
              SELECT %1$s, exact, seconds * steps_to_best / steps AS seconds,
                count(*) OVER (PARTITION BY %1$s) AS texts
              FROM selected)
            SELECT %1$s, seconds,
              row_number() OVER (PARTITION BY %1$s ORDER BY seconds) / texts AS share
            FROM ended WHERE exact ORDER BY ALL
            """
                .formatted(String.join(", ", ALIKE)));
    Chart chart =
        new Chart("seconds", "share of the texts that are exact").logarithmicX().from(0, 1);
    shares
        .split(ALIKE)
        .forEach((name, line) -> chart.line(name, line.numbers("seconds"), line.numbers("share")));
    return Optional.of(
        new Figure(
            "race-exact",
            "Share exact against time",
            "Each point is a text that became exact. A recipe without a line made none exact.",
            chart.svg(),
            shares));
  }

  static Optional<Figure> horizons(LabDatabase database) {
    if (!isRace(database)) {
      return Optional.empty();
    }
    Table curves =
        HorizonOverTime.of(
            database, "selected", String.join(", ", ALIKE), "model, length", "texts", 1);
    Chart chart = new Chart("seconds", "mean exact prefix (tokens)").logarithmicX();
    for (String model : curves.distinct("model")) {
      Table ofModel = curves.where("model", model);
      int most = (int) Arrays.stream(ofModel.numbers("length")).max().orElse(0);
      Table longest = ofModel.where("length", Integer.toString(most));
      String prefix = curves.distinct("model").size() == 1 ? "" : model + ", ";
      longest
          .split(ALIKE)
          .forEach((name, line) ->
              chart.curve(prefix + name, line.numbers("seconds"), line.numbers("horizon")));
    }
    return Optional.of(
        new Figure(
            "race-horizon",
            "Horizon against time, recipe by recipe",
            "The longest exact prefix so far, mean over the texts of the longest length of a model; a"
                + " search that has ended keeps what it had. The data have the other lengths too.",
            chart.svg(),
            curves));
  }

  private static boolean isRace(LabDatabase database) {
    return Table.of(database, "SELECT count(DISTINCT recipe_name) AS recipes FROM selected")
            .number(0, "recipes")
        > 1;
  }
}
