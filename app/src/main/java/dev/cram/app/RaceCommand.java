package dev.cram.app;

import dev.cram.lab.Experiment;
import dev.cram.lab.Laboratory;
import dev.cram.lab.LocalRunner;
import dev.cram.lab.database.LabDatabase;
import dev.cram.lab.report.Standings;
import dev.cram.recipe.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "race",
    description = {
      "Runs several recipes on the same texts and says which makes them exact, and how soon.",
      "A race is an experiment like those of measure, done with each recipe; its database can be"
          + " reported, exported and queried in the same way. Texts that never become exact count as"
          + " never.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  cram race experiments/race-small.yaml",
      "  cram race --source prose=dir:books --length 24,32 --samples 20 --recipes cram,paper",
    })
final class RaceCommand implements Runnable {
  @Mixin private ExperimentOptions options;

  @Option(
      names = {"-r", "--recipes"},
      paramLabel = "R",
      split = ",",
      completionCandidates = ExperimentOptions.RecipeNames.class,
      description =
          "The recipes (default: those of the experiment file's parts; without a file all there"
              + " are): ${COMPLETION-CANDIDATES}.")
  private List<String> recipes;

  @Option(
      names = "--within-seconds",
      paramLabel = "S",
      description = "Take the horizons after S seconds of search (default: at its end).")
  private Double seconds;

  @Option(
      names = "--within-steps",
      paramLabel = "N",
      description = "Take the horizons after N steps (default: at the end of the search).")
  private Double steps;

  @Option(names = "--dry-run", description = "Show the plan and write nothing.")
  private boolean dryRun;

  @Option(
      names = {"-q", "--quiet"},
      description = "Show the standings alone.")
  private boolean quiet;

  @Override
  public void run() {
    List<Experiment> experiments = experiments();
    Path file = options.database(experiments);
    VectorModule.load();
    try (LabDatabase lab = ExperimentOptions.open(file, dryRun);
        LocalRunner runner = new LocalRunner(options.threads());
        MeasureProgress progress = new MeasureProgress(CramCommand.statusLine(quiet), dryRun)) {
      Laboratory laboratory = new Laboratory(lab, runner);
      if (dryRun) {
        laboratory.plan(experiments, progress);
        return;
      }
      Set<String> runs = laboratory.run(experiments, progress);
      progress.done(file);
      print(Standings.of(lab, runs, budget()));
      progress.requireNoFailures();
    }
  }

  private List<Experiment> experiments() {
    if (recipes == null && options.hasFile()) {
      return options.experiments(Map.of());
    }
    List<Experiment> experiments = new ArrayList<>();
    for (String recipe : recipes == null ? Recipe.names() : recipes) {
      Map<String, Object> own = new HashMap<>(Map.of("recipe", recipe));
      if (recipe.equals(Recipe.ONE_STEP.name())) {
        // It always has two, so it runs beside whatever the others have.
        own.put("vectors", List.of(2));
      }
      experiments.addAll(options.experiments(own));
    }
    return experiments;
  }

  private Standings.Budget budget() {
    Standings.Budget all = Standings.Budget.UNLIMITED;
    return new Standings.Budget(
        steps == null ? all.steps() : steps, seconds == null ? all.seconds() : seconds);
  }

  private static void print(List<Standings> standings) {
    TextTable table =
        new TextTable(
            "model",
            "source",
            ">tokens",
            ">K",
            "recipe",
            ">texts",
            ">exact (95%)",
            ">steps (quartiles)",
            ">seconds (quartiles)",
            ">horizon (95%)",
            ">margin");
    for (Standings line : standings) {
      table.row(
          line.model(),
          line.source(),
          Integer.toString(line.length()),
          Integer.toString(line.vectors()),
          line.recipe(),
          Integer.toString(line.texts()),
          String.format(
              Locale.ROOT,
              "%.0f%% (%.0f to %.0f)",
              100 * line.exact(),
              100 * line.exactBetween().lower(),
              100 * line.exactBetween().upper()),
          quartiles(line.steps(), "%.0f"),
          quartiles(line.seconds(), "%.1f"),
          horizon(line),
          Double.isNaN(line.margin()) ? "" : String.format(Locale.ROOT, "%.2f", line.margin()));
    }
    table.print(System.out);
  }

  private static String horizon(Standings line) {
    Standings.Interval between = line.horizonBetween();
    return Double.isNaN(between.lower())
        ? String.format(Locale.ROOT, "%.1f", line.horizon())
        : String.format(
            Locale.ROOT, "%.1f (%.1f to %.1f)", line.horizon(), between.lower(), between.upper());
  }

  private static String quartiles(Standings.Quartiles quartiles, String format) {
    return number(quartiles.lower(), format)
        + " / "
        + number(quartiles.median(), format)
        + " / "
        + number(quartiles.upper(), format);
  }

  private static String number(double value, String format) {
    return Double.isInfinite(value) ? "never" : String.format(Locale.ROOT, format, value);
  }
}
