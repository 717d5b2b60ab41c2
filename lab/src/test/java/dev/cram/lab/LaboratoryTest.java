package dev.cram.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lab.database.LabDatabase;
import dev.cram.lab.run.Run;
import dev.cram.lm.InputException;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LaboratoryTest {
  private static final String MODEL =
      Path.of(System.getProperty("cram.root", ".."), "lm/src/test/resources/fixtures/llama")
          .toString();

  @TempDir Path folder;

  private static Experiment experiment(List<Integer> lengths, int samples, Experiment.Goal goal) {
    return experiment(new Sampling("random", samples, Sampling.Lengths.GRID), lengths, goal);
  }

  private static Experiment experiment(
      Sampling sampling, List<Integer> lengths, Experiment.Goal goal) {
    return experiment(sampling, lengths, List.of(1L), goal, 0);
  }

  private static Experiment experiment(
      Sampling sampling,
      List<Integer> lengths,
      List<Long> seeds,
      Experiment.Goal goal,
      int linePoints) {
    Recipe recipe = Recipe.PAPER.withMaxSteps(30);
    return experiment(recipe, sampling, lengths, seeds, goal, linePoints);
  }

  private static Experiment experiment(
      Recipe recipe,
      Sampling sampling,
      List<Integer> lengths,
      List<Long> seeds,
      Experiment.Goal goal,
      int linePoints) {
    return new Experiment(
        "test",
        List.of(MODEL),
        Map.of("source", sampling),
        lengths,
        List.of(1),
        seeds,
        1,
        recipe,
        Precision.F32,
        goal,
        linePoints);
  }

  private List<Run> run(Experiment experiment, Path database, int threads, LabListener... others) {
    List<Run> runs = new ArrayList<>();
    try (LabDatabase lab = LabDatabase.open(database)) {
      new Laboratory(lab, threads)
          .run(
              experiment,
              new LabListener() {
                @Override
                public void finished(Run run) {
                  runs.add(run);
                  for (LabListener other : others) {
                    other.finished(run);
                  }
                }
              });
    }
    return runs;
  }

  @Test
  void everyCombinationIsRunOnceAndRecorded() {
    Path database = folder.resolve("lab.db");
    List<Run> runs = run(experiment(List.of(4, 9), 3, Experiment.Goal.ALL), database, 2);

    assertThat(runs).hasSize(6);
    assertThat(runs.stream().map(run -> run.key().id())).doesNotHaveDuplicates();
    try (LabDatabase lab = LabDatabase.openReadOnly(database)) {
      List<String> rows = new ArrayList<>();
      lab.query(
          "SELECT length, sample, predicted, len(mem), len(margins), curve_step[-1] = least(steps, 30)"
              + " FROM (SELECT *, length - 1 AS predicted FROM results) JOIN traces USING (id)"
              + " ORDER BY ALL",
          row ->
              rows.add(
                  row.getInt(1)
                      + " "
                      + row.getInt(2)
                      + " "
                      + (row.getInt(3) == row.getInt(5))
                      + " "
                      + row.getInt(4)
                      + " "
                      + row.getBoolean(6)));
      assertThat(rows)
          .containsExactly(
              "4 0 true 64 true",
              "4 1 true 64 true",
              "4 2 true 64 true",
              "9 0 true 64 true",
              "9 1 true 64 true",
              "9 2 true 64 true");
    }
  }

  @Test
  void aTextThatFillsAllPositionsOfTheModelIsRun() {
    int positions = 128;
    Experiment longest =
        experiment(
            Recipe.PAPER.withMaxSteps(1),
            new Sampling("random", 1, Sampling.Lengths.GRID),
            List.of(positions),
            List.of(1L),
            Experiment.Goal.ALL,
            0);

    assertThat(run(longest, folder.resolve("lab.db"), 1))
        .singleElement()
        .satisfies(run -> assertThat(run.key().length()).isEqualTo(positions));
  }

  @Test
  void aRecipeThatGrowsAPrefixKeepsTheVectorsOfTheLongest() {
    Path database = folder.resolve("lab.db");
    Experiment progressive =
        experiment(
            Recipe.PROGRESSIVE.withMaxSteps(120),
            new Sampling("random", 4, Sampling.Lengths.GRID),
            List.of(16),
            List.of(1L),
            Experiment.Goal.ALL,
            0);
    run(progressive, database, 1);

    try (LabDatabase lab = LabDatabase.openReadOnly(database)) {
      List<Boolean> kept = new ArrayList<>();
      lab.query(
          "SELECT horizon = list_max(curve_exact_prefix), horizon < length"
              + " FROM results JOIN traces USING (id)",
          row -> {
            kept.add(row.getBoolean(1));
            assertThat(row.getBoolean(2)).as("not exact, or there is nothing to see").isTrue();
          });
      assertThat(kept).containsOnly(true).hasSize(4);
    }
  }

  @Test
  void theSameExperimentAgainDoesNothingAndALargerOneOnlyTheRest() {
    Path database = folder.resolve("lab.db");
    run(experiment(List.of(4), 2, Experiment.Goal.ALL), database, 1);

    assertThat(run(experiment(List.of(4), 2, Experiment.Goal.ALL), database, 1)).isEmpty();
    assertThat(run(experiment(List.of(4, 6), 2, Experiment.Goal.ALL), database, 1))
        .extracting(run -> run.key().length())
        .containsExactly(6, 6);
  }

  @Test
  void anExperimentThatIsStoppedGoesOnWhereItWas() {
    Path database = folder.resolve("lab.db");
    Experiment experiment = experiment(List.of(4), 4, Experiment.Goal.ALL);
    var stop =
        new LabListener() {
          private int count;

          @Override
          public void finished(Run run) {
            if (++count == 2) {
              throw new InputException("the disk is full");
            }
          }
        };
    assertThatThrownBy(() -> run(experiment, database, 1, stop)).hasMessageContaining("disk");

    assertThat(run(experiment, database, 1)).hasSize(2);
  }

  @Test
  void resultsDoNotDependOnTheNumberOfThreads() {
    Experiment experiment = experiment(List.of(6), 3, Experiment.Goal.ALL);
    run(experiment, folder.resolve("one.db"), 1);
    run(experiment, folder.resolve("three.db"), 3);

    assertThat(vectors("three.db")).isEqualTo(vectors("one.db")).hasSize(3);
  }

  private List<String> vectors(String database) {
    List<String> rows = new ArrayList<>();
    try (LabDatabase lab = LabDatabase.openReadOnly(folder.resolve(database))) {
      lab.query(
          "SELECT id, mem::VARCHAR FROM traces ORDER BY id",
          row -> rows.add(row.getString(1) + row.getString(2)));
    }
    return rows;
  }

  @Test
  void textsThatAreTooShortAreCountedNotMeasured() throws Exception {
    Path text = Files.writeString(folder.resolve("short.txt"), "a b c");
    var experiment =
        experiment(
            new Sampling("file:" + text, 2, Sampling.Lengths.GRID),
            List.of(2, 100),
            Experiment.Goal.ALL);
    List<Plan> plans = new ArrayList<>();
    try (LabDatabase lab = LabDatabase.open(folder.resolve("lab.db"))) {
      new Laboratory(lab, 1)
          .run(
              experiment,
              new LabListener() {
                @Override
                public void planned(Plan plan) {
                  plans.add(plan);
                }
              });
    }
    // Sample 0 has too few tokens for the second length; the file has no sample 1 for either.
    assertThat(plans).singleElement().extracting(Plan::tooShort).isEqualTo(3);
    assertThat(plans.getFirst().requests()).hasSize(1);
  }

  @Test
  void everyTextOfAUniformSourceHasALengthOfItsOwn() {
    var experiment =
        experiment(
            new Sampling("random", 12, Sampling.Lengths.UNIFORM),
            List.of(3, 20),
            Experiment.Goal.ALL);
    List<Run> runs = run(experiment, folder.resolve("lab.db"), 2);

    assertThat(runs).hasSize(12);
    assertThat(runs.stream().map(run -> run.key().length()).distinct()).hasSizeGreaterThan(5);
    assertThat(runs).allSatisfy(run -> assertThat(run.key().length()).isBetween(2, 20));
  }

  private List<Plan> plans(Experiment experiment) {
    List<Plan> plans = new ArrayList<>();
    try (LabDatabase lab = LabDatabase.open(folder.resolve("lab.db"))) {
      new Laboratory(lab, 1)
          .plan(
              List.of(experiment),
              new LabListener() {
                @Override
                public void planned(Plan plan) {
                  plans.add(plan);
                }
              });
    }
    return plans;
  }

  @Test
  void whatTheModelHasTooFewPositionsForIsCountedNotMeasured() {
    List<Plan> plans = plans(experiment(List.of(4, 500), 3, Experiment.Goal.ALL));

    assertThat(plans).singleElement().extracting(Plan::tooLong).isEqualTo(3);
    assertThat(plans.getFirst().requests()).hasSize(3);
  }

  @Test
  void aUniformSourceIsRunAtTheLengthsThatAModelHasPositionsFor() {
    var random = new Sampling("random", 12, Sampling.Lengths.UNIFORM);

    List<Plan> plans = plans(experiment(random, List.of(500), Experiment.Goal.ALL));

    assertThat(plans.getFirst().tooLong()).isBetween(1, 11);
    assertThat(plans.getFirst().requests()).hasSize(12 - plans.getFirst().tooLong());
  }

  @Test
  void linesBetweenTheVectorsOfATextBeginAndEndAtTheirAccuracies() {
    Path database = folder.resolve("lab.db");
    var experiment =
        experiment(
            new Sampling("random", 2, Sampling.Lengths.GRID),
            List.of(6),
            List.of(1L, 2L, 3L),
            Experiment.Goal.ALL,
            5);
    run(experiment, database, 2);

    List<Boolean> ends = new ArrayList<>();
    try (LabDatabase lab = LabDatabase.openReadOnly(database)) {
      lab.query(
          "SELECT a.sample = b.sample AND points = 5 AND len(l.accuracy) = 5"
              + " AND abs(l.accuracy[1] - a.accuracy) < 1e-6 AND abs(l.accuracy[5] - b.accuracy) < 1e-6"
              + " AND abs(l.cross_entropy[5] - b.cross_entropy) < 1e-4"
              + " FROM lines l JOIN runs a ON from_id = a.id JOIN runs b ON to_id = b.id",
          row -> ends.add(row.getBoolean(1)));
    }
    assertThat(ends).hasSize(6).containsOnly(true);
    assertThat(run(experiment, database, 1)).isEmpty();
  }

  @Test
  void aRunThatTwoExperimentsAskForIsDoneOnce() {
    Experiment experiment = experiment(List.of(4), 2, Experiment.Goal.ALL);
    List<Run> runs = new ArrayList<>();
    try (LabDatabase lab = LabDatabase.open(folder.resolve("lab.db"))) {
      new Laboratory(lab, 1)
          .run(
              List.of(experiment, experiment(List.of(4, 5), 2, Experiment.Goal.ALL)),
              new LabListener() {
                @Override
                public void finished(Run run) {
                  runs.add(run);
                }
              });
    }
    assertThat(runs).extracting(run -> run.key().length()).containsExactlyInAnyOrder(4, 4, 5, 5);
  }
}
