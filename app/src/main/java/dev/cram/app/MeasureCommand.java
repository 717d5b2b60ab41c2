package dev.cram.app;

import dev.cram.lab.Cluster;
import dev.cram.lab.Experiment;
import dev.cram.lab.Laboratory;
import dev.cram.lab.LocalRunner;
import dev.cram.lab.Runner;
import dev.cram.lab.database.LabDatabase;
import dev.cram.lm.InputException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "measure",
    description = {
      "Measures how much text the input vectors of models hold, and keeps every run in a database.",
      "Models, sources, lengths, numbers of vectors and seeds are combined; options replace what"
          + " the experiment file says. A run that the database has is not done again, so the same"
          + " command goes on where it was stopped.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  cram measure experiments/table1-small.yaml",
      "  cram measure --source random --length 16,32,64 --samples 10 --recipe cram",
      "  cram measure --source prose=dir:books --goal capacity --database books.db",
    })
final class MeasureCommand implements Runnable {
  @Mixin private ExperimentOptions options;

  @Option(
      names = "--recipe",
      paramLabel = "R",
      completionCandidates = ExperimentOptions.RecipeNames.class,
      description =
          "How the vectors are found: ${COMPLETION-CANDIDATES} (default: paper, the one of"
              + " Kuratov et al. 2025).")
  private String recipe;

  @Option(
      names = "--goal",
      paramLabel = "all|capacity",
      description =
          "Run all lengths, or only those that it takes to find the Decoding Capacity (default:"
              + " all).")
  private Experiment.Goal goal;

  @Option(
      names = "--master",
      paramLabel = "MASTER",
      description =
          "Do the runs on Apache Spark: spark://HOST:PORT, local[*], yarn, k8s://...;"
              + " docs/cluster.md says how.")
  private String master;

  @Option(
      names = "--spark",
      paramLabel = "KEY=VALUE",
      description =
          "With --master: a setting of Spark, such as spark.executor.memory=4g; can be repeated.")
  private Map<String, String> sparkSettings = Map.of();

  @Option(names = "--dry-run", description = "Show the plan and write nothing.")
  private boolean dryRun;

  @Option(
      names = {"-q", "--quiet"},
      description = "Say nothing but errors.")
  private boolean quiet;

  @Override
  public void run() {
    checkOptions();
    Map<String, Object> own = new LinkedHashMap<>();
    own.put("recipe", recipe);
    own.put("goal", goal);
    List<Experiment> experiments = options.experiments(own);
    Path file = options.database(experiments);
    VectorModule.load();
    try (LabDatabase lab = ExperimentOptions.open(file, dryRun);
        Runner runner = runner();
        MeasureProgress progress = new MeasureProgress(CramCommand.statusLine(quiet), dryRun)) {
      Laboratory laboratory = new Laboratory(lab, runner);
      if (dryRun) {
        laboratory.plan(experiments, progress);
      } else {
        laboratory.run(experiments, progress);
        progress.done(file);
        progress.requireNoFailures();
      }
    }
  }

  private void checkOptions() {
    if (master != null && options.hasThreads()) {
      throw new InputException(
          "--threads is of this machine and --master of a cluster: leave one out; --spark"
              + " spark.cores.max=N limits the cores of a cluster");
    }
    if (master == null && !sparkSettings.isEmpty()) {
      throw new InputException("--spark needs --master, which says where Spark is");
    }
  }

  private Runner runner() {
    return master == null
        ? new LocalRunner(options.threads())
        : Cluster.find().connect(master, sparkSettings);
  }
}
