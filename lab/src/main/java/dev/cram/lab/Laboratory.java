package dev.cram.lab;

import dev.cram.lab.database.LabDatabase;
import dev.cram.lab.run.RunKey;
import dev.cram.lab.run.RunRequest;
import dev.cram.lm.CausalLm;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Does the runs of experiments and records each in a database as it ends. What the database already
 * has is not done again, so an experiment that was stopped goes on where it was.
 *
 * <pre>{@code
 * try (LabDatabase database = LabDatabase.open(Path.of("lab.db"))) {
 *   new Laboratory(database, 2).run(experiment, LabListener.SILENT);
 * }
 * }</pre>
 */
public final class Laboratory {
  private final LabDatabase database;
  private final Runner runner;

  /**
   * @param threads runs that are done at the same time, one thread each
   */
  public Laboratory(LabDatabase database, int threads) {
    this(database, new LocalRunner(threads));
  }

  /**
   * @param runner does the runs; not closed here
   */
  public Laboratory(LabDatabase database, Runner runner) {
    this.database = database;
    this.runner = runner;
  }

  /** As {@link #run(List, LabListener)} of one experiment. */
  public Set<String> run(Experiment experiment, LabListener listener) {
    return run(List.of(experiment), listener);
  }

  /**
   * Runs experiments to their end; each model is opened once for all of them.
   *
   * @return the {@link RunKey#id} of each run that they ask for, whether it was done now, before or
   *     failed
   * @throws dev.cram.lm.InputException if a model or source cannot be used, or the database cannot
   *     be written; what was recorded stays
   */
  public Set<String> run(List<Experiment> experiments, LabListener listener) {
    Set<String> asked = new HashSet<>();
    forEachModel(
        experiments,
        listener,
        model -> {
          model.run();
          asked.addAll(model.asked);
        });
    return asked;
  }

  /**
   * Says what {@link #run} would do first, and does nothing.
   *
   * @throws dev.cram.lm.InputException if a model or source cannot be used
   */
  public void plan(List<Experiment> experiments, LabListener listener) {
    forEachModel(experiments, listener, OfModel::plan);
  }

  private record OpenedAs(String model, Precision precision) {}

  private void forEachModel(
      List<Experiment> experiments, LabListener listener, Consumer<OfModel> action) {
    Map<OpenedAs, List<Experiment>> ofModels = new LinkedHashMap<>();
    for (Experiment experiment : experiments) {
      for (String model : experiment.models()) {
        ofModels
            .computeIfAbsent(new OpenedAs(model, experiment.precision()), m -> new ArrayList<>())
            .add(experiment);
      }
    }
    ofModels.forEach((opened, ofModel) -> {
      try (Workers workers = new Workers(Runtime.getRuntime().availableProcessors());
          CausalLm lm = CausalLm.open(opened.model(), opened.precision(), workers)) {
        action.accept(new OfModel(ofModel, opened.model(), lm, workers, listener));
      }
    });
  }

  /** The part of the experiments that one model does. */
  private final class OfModel {
    private final String modelPath;
    private final CausalLm lm;
    private final Workers workers;
    private final LabListener listener;
    private final List<Series> open = new ArrayList<>();
    private final Set<String> asked = new HashSet<>();

    private final Map<Experiment, Interpolation> interpolations = new LinkedHashMap<>();

    /** Timed by the first plan that has something to do. */
    private Optional<StepCost> stepCost = Optional.empty();

    OfModel(
        List<Experiment> experiments,
        String modelPath,
        CausalLm lm,
        Workers workers,
        LabListener listener) {
      this.modelPath = modelPath;
      this.lm = lm;
      this.workers = workers;
      this.listener = listener;
      int positions = lm.maxPositions();
      for (Experiment experiment : experiments) {
        if (experiment.linePoints() > 0) {
          interpolations.put(experiment, new Interpolation(experiment.linePoints()));
        }
        var texts = new SampleTexts(experiment, lm, workers);
        experiment
            .sources()
            .forEach((source, sampling) -> {
              for (int vectors : experiment.vectors()) {
                for (long seed : experiment.seeds()) {
                  open.add(
                      new Series(experiment, texts, source, sampling, vectors, seed, positions));
                }
              }
            });
      }
    }

    void plan() {
      plan(true);
    }

    void run() {
      boolean first = true;
      while (!open.isEmpty()) {
        execute(plan(first).requests());
        first = false;
        Map<String, Double> accuracies = database.accuracies();
        open.forEach(series -> series.learn(accuracies));
        open.removeIf(Series::isOver);
      }
      interpolations.values().forEach(lines -> lines.run(database, lm, workers, listener));
    }

    /**
     * @param first whether to count what no length of the grid can do; later rounds would count it
     *     again
     */
    private Plan plan(boolean first) {
      Set<String> finished = database.accuracies().keySet();
      Set<String> planned = new HashSet<>();
      List<RunRequest> requests = new ArrayList<>();
      int alreadyDone = 0;
      int tooShort = 0;
      int tooLong = 0;
      for (Series series : open) {
        series.startRound();
        tooLong += first ? series.tooLong() : 0;
        for (int sample = 0; sample < series.samples(); sample++) {
          for (int length : series.next(sample)) {
            var found = series.text(sample, length);
            if (found.isEmpty()) {
              tooShort++;
              continue;
            }
            RunRequest request = request(series, sample, length, found.get());
            series.asks(request.key());
            if (interpolations.containsKey(series.experiment())) {
              interpolations.get(series.experiment()).add(request);
            }
            String id = request.key().id();
            asked.add(id);
            if (finished.contains(id)) {
              alreadyDone++;
            } else if (planned.add(id)) {
              // Experiments may overlap: a run that two of them ask for is done once.
              requests.add(request);
            }
          }
        }
      }
      // The longest first, so that at the end no core waits for another's long run.
      requests.sort(Comparator.comparingInt((RunRequest request) -> -StepCost.rows(request)));
      if (stepCost.isEmpty() && !requests.isEmpty()) {
        stepCost = Optional.of(StepCost.of(lm, requests));
      }
      double seconds = stepCost.map(cost -> cost.atMost(requests)).orElse(0.0);
      Plan plan =
          new Plan(
              lm.name(), requests, alreadyDone, tooShort, tooLong, seconds / runner.parallelRuns());
      listener.planned(plan);
      return plan;
    }

    private RunRequest request(Series series, int sample, int length, SampleTexts.Sample found) {
      int[] tokens = Arrays.copyOf(found.tokens(), length);
      Recipe recipe = series.experiment().recipe();
      RunKey key =
          new RunKey(
              lm.name(),
              lm.weightFingerprint(),
              lm.precision(),
              series.source(),
              sample,
              RunKey.hash(tokens),
              length,
              series.vectors(),
              recipe.name(),
              recipe.maxSteps(),
              recipe.patience(),
              series.seed());
      return new RunRequest(
          key,
          series.experiment().name(),
          modelPath,
          found.opening(),
          tokens,
          found.baseline().correct(length),
          found.baseline().crossEntropy(length));
    }

    private void execute(List<RunRequest> requests) {
      Map<String, String> experimentOf = new HashMap<>();
      requests.forEach(request -> experimentOf.put(request.key().id(), request.experiment()));
      runner.run(
          lm,
          requests,
          listener,
          run -> {
            if (database.add(experimentOf.get(run.key().id()), run)) {
              listener.finished(run);
            }
          });
    }
  }
}
