package dev.cram.lab;

import dev.cram.lab.database.LabDatabase;
import dev.cram.lab.run.RunKey;
import dev.cram.lab.run.RunRequest;
import dev.cram.lm.CausalLm;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Does the runs of an experiment and records each in a database as it ends. What the database
 * already has is not done again, so an experiment that was stopped goes on where it was.
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

  /**
   * Runs an experiment to its end.
   *
   * @throws dev.cram.lm.InputException if a model or source cannot be used, or the database cannot
   *     be written; what was recorded stays
   */
  public void run(Experiment experiment, LabListener listener) {
    forEachModel(experiment, listener, OfModel::run);
  }

  /**
   * Says what {@link #run} would do first, and does nothing.
   *
   * @throws dev.cram.lm.InputException if a model or source cannot be used
   */
  public void plan(Experiment experiment, LabListener listener) {
    forEachModel(experiment, listener, OfModel::plan);
  }

  private void forEachModel(Experiment experiment, LabListener listener, Consumer<OfModel> action) {
    for (String model : experiment.models()) {
      try (Workers workers = new Workers(Runtime.getRuntime().availableProcessors());
          CausalLm lm = CausalLm.open(model, experiment.precision(), workers)) {
        var texts = new SampleTexts(experiment, lm, workers);
        action.accept(new OfModel(experiment, model, lm, texts, listener));
      }
    }
  }

  /** The part of an experiment that one model does. */
  private final class OfModel {
    private final Experiment experiment;
    private final String modelPath;
    private final CausalLm lm;
    private final SampleTexts texts;
    private final LabListener listener;

    OfModel(
        Experiment experiment,
        String modelPath,
        CausalLm lm,
        SampleTexts texts,
        LabListener listener) {
      this.experiment = experiment;
      this.modelPath = modelPath;
      this.lm = lm;
      this.texts = texts;
      this.listener = listener;
    }

    private List<Series> series() {
      List<Integer> lengths =
          experiment.lengths().stream().filter(length -> length <= lm.maxPositions() - 1).toList();
      List<Series> open = new ArrayList<>();
      for (String source : experiment.sources().keySet()) {
        for (int vectors : experiment.vectors()) {
          for (long seed : experiment.seeds()) {
            open.add(
                new Series(source, vectors, seed, new LengthSearch(lengths, experiment.goal())));
          }
        }
      }
      return open;
    }

    void plan() {
      plan(series(), new HashMap<>());
    }

    void run() {
      List<Series> open = series();
      while (!open.isEmpty()) {
        Map<Series, List<RunKey>> asked = new HashMap<>();
        Plan plan = plan(open, asked);
        execute(plan.requests());
        Map<String, Double> accuracies = database.accuracies();
        for (Series series : open) {
          series.search().learn(length -> mean(asked.get(series), length, accuracies));
        }
        open.removeIf(series -> series.search().isOver());
      }
    }

    private Plan plan(List<Series> open, Map<Series, List<RunKey>> asked) {
      Set<String> finished = database.accuracies().keySet();
      List<RunRequest> requests = new ArrayList<>();
      int alreadyDone = 0;
      int tooShort = 0;
      for (Series series : open) {
        List<RunKey> keys = new ArrayList<>();
        asked.put(series, keys);
        for (int length : series.search().next()) {
          for (int sample = 0; sample < experiment.samples(); sample++) {
            var found = texts.find(series.source(), sample, length);
            if (found.isEmpty()) {
              tooShort++;
              continue;
            }
            int[] tokens = Arrays.copyOf(found.get().tokens(), length);
            RunKey key = key(series, sample, tokens);
            keys.add(key);
            if (finished.contains(key.id())) {
              alreadyDone++;
            } else {
              requests.add(
                  new RunRequest(
                      key,
                      modelPath,
                      found.get().opening(),
                      tokens,
                      found.get().baseline().correct(length),
                      found.get().baseline().crossEntropy(length)));
            }
          }
        }
      }
      // The longest first, so that at the end no core waits for another's long run.
      requests.sort(Comparator.comparingInt((RunRequest r) -> -r.key().length()));
      double seconds =
          requests.isEmpty()
              ? 0
              : StepCost.of(lm, requests).atMost(requests) / runner.parallelRuns();
      Plan plan = new Plan(lm.name(), requests, alreadyDone, tooShort, seconds);
      listener.planned(plan);
      return plan;
    }

    private RunKey key(Series series, int sample, int[] tokens) {
      Recipe recipe = experiment.recipe();
      return new RunKey(
          lm.name(),
          lm.weightFingerprint(),
          lm.precision(),
          series.source(),
          sample,
          RunKey.hash(tokens),
          tokens.length,
          series.vectors(),
          recipe.name(),
          recipe.maxSteps(),
          recipe.patience(),
          series.seed());
    }

    private void execute(List<RunRequest> requests) {
      runner.run(
          lm,
          requests,
          listener,
          run -> {
            if (database.add(experiment.name(), run)) {
              listener.finished(run);
            }
          });
    }

    private double mean(List<RunKey> keys, int length, Map<String, Double> accuracies) {
      return keys.stream()
          .filter(key -> key.length() == length && accuracies.containsKey(key.id()))
          .mapToDouble(key -> accuracies.get(key.id()))
          .average()
          .orElse(0);
    }
  }

  /** The runs among which a capacity is sought. */
  private record Series(String source, int vectors, long seed, LengthSearch search) {}
}
