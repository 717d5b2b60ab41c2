package dev.cram.lab.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.cram.lab.database.LabDatabase;
import dev.cram.lab.run.Curve;
import dev.cram.lab.run.Run;
import dev.cram.lab.run.RunKey;
import dev.cram.tensor.Precision;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StandingsTest {
  private static final int LENGTH = 10;
  private static final int STEPS = 100;

  @TempDir Path folder;

  /** A run of 100 steps in 50 seconds; exact at a step, or never if that is 0. */
  private static Run run(String recipe, int sample, int exactAt) {
    return run(recipe, STEPS, sample, exactAt);
  }

  private static Run run(String recipe, int maxSteps, int sample, int exactAt) {
    return run(recipe, maxSteps, sample, 1, exactAt);
  }

  private static Run run(String recipe, int maxSteps, int sample, long seed, int exactAt) {
    boolean exact = exactAt > 0;
    return new Run(
        new RunKey(
            "m",
            "w",
            Precision.F32,
            "novels",
            sample,
            "h",
            LENGTH,
            1,
            recipe,
            maxSteps,
            STEPS,
            seed),
        8,
        4096,
        STEPS,
        exact ? exactAt : 90,
        50,
        exact ? 9 : 7,
        1,
        0.1,
        5,
        exact ? LENGTH : 4,
        new float[] {2, 2, 2, 2, 2, 2, 2, 2, exact ? sample + 1f : -1},
        new float[8],
        new Curve(
            new int[] {1, 50, 100},
            new float[3],
            new float[3],
            new int[] {1, 3, exact ? LENGTH : 4}),
        Instant.EPOCH,
        "machine",
        "test");
  }

  private List<Standings> standings(Standings.Budget budget) {
    try (LabDatabase lab = LabDatabase.open(folder.resolve("race.db"))) {
      if (lab.accuracies().isEmpty()) {
        int[] fast = {10, 20, 30, 40, 0};
        for (int sample = 0; sample < fast.length; sample++) {
          lab.add("race", run("fast", sample, fast[sample]));
          lab.add("race", run("slow", sample, sample < 2 ? 80 : 0));
        }
      }
      return Standings.of(lab, lab.accuracies().keySet(), budget);
    }
  }

  @Test
  void textsThatNeverBecomeExactCountAsNever() {
    List<Standings> standings = standings(Standings.Budget.UNLIMITED);

    assertThat(standings).extracting(Standings::recipe).containsExactly("fast", "slow");
    Standings fast = standings.getFirst();
    assertThat(fast.texts()).isEqualTo(5);
    assertThat(fast.exact()).isEqualTo(0.8);
    assertThat(fast.steps()).isEqualTo(new Standings.Quartiles(20, 30, 40));
    assertThat(fast.seconds()).isEqualTo(new Standings.Quartiles(10, 15, 20));
    Standings slow = standings.getLast();
    assertThat(slow.exact()).isEqualTo(0.4);
    assertThat(slow.steps())
        .isEqualTo(new Standings.Quartiles(80, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY));
  }

  @Test
  void sharesAndHorizonsHaveConfidenceIntervals() {
    Standings fast = standings(Standings.Budget.UNLIMITED).getFirst();

    // Wilson's interval of 4 of 5, as tables have it: 0.376 to 0.964.
    assertThat(fast.exactBetween().lower()).isCloseTo(0.376, within(0.001));
    assertThat(fast.exactBetween().upper()).isCloseTo(0.964, within(0.001));
    // Horizons 10, 10, 10, 10, 4: mean 8.8, standard deviation sqrt(36 / 5).
    double half = 1.96 * Math.sqrt(36 / 5.0) / Math.sqrt(5);
    assertThat(fast.horizonBetween().lower()).isCloseTo(8.8 - half, within(1e-9));
    assertThat(fast.horizonBetween().upper()).isCloseTo(8.8 + half, within(1e-9));
  }

  @Test
  void horizonsAreThoseWithinTheBudget() {
    assertThat(standings(Standings.Budget.UNLIMITED).getFirst().horizon())
        .isEqualTo((4 * 10 + 4) / 5.0);
    assertThat(standings(new Standings.Budget(60, 1e9)).getFirst().horizon()).isEqualTo(3);
    assertThat(standings(new Standings.Budget(1e9, 10)).getFirst().horizon()).isEqualTo(1);
  }

  @Test
  void theMarginIsThatOfTheExactTexts() {
    List<Standings> standings = standings(Standings.Budget.UNLIMITED);
    assertThat(standings.getFirst().margin()).isEqualTo((2 + 2) / 2.0);
    assertThat(standings.getLast().margin()).isEqualTo(1.5);
  }

  @Test
  void runsOfAnotherBudgetOrThatNobodyAskedForAreNotMixedIn() {
    standings(Standings.Budget.UNLIMITED);
    Run longer = run("fast", 200, 0, 50);
    try (LabDatabase lab = LabDatabase.open(folder.resolve("race.db"))) {
      Set<String> asked = lab.accuracies().keySet();
      lab.add("other", longer);

      assertThat(Standings.of(lab, asked, Standings.Budget.UNLIMITED))
          .extracting(Standings::texts)
          .containsExactly(5, 5);
      assertThat(Standings.of(lab, lab.accuracies().keySet(), Standings.Budget.UNLIMITED))
          .extracting(Standings::recipe, Standings::texts)
          .containsExactlyInAnyOrder(
              tuple("fast, 100 steps", 5), tuple("fast, 200 steps", 1), tuple("slow", 5));
    }
  }

  @Test
  void severalSeedsOfATextAreOneText() {
    try (LabDatabase lab = LabDatabase.open(folder.resolve("seeds.db"))) {
      for (long seed = 1; seed <= 3; seed++) {
        lab.add("race", run("fast", STEPS, 0, seed, seed == 3 ? 0 : (int) (10 * seed)));
      }
      lab.add("race", run("fast", STEPS, 1, 1, 40));

      Standings standings =
          Standings.of(lab, lab.accuracies().keySet(), Standings.Budget.UNLIMITED).getFirst();

      assertThat(standings.texts()).isEqualTo(2);
      assertThat(standings.exact()).isEqualTo((2 / 3.0 + 1) / 2, within(1e-9));
      assertThat(standings.steps().lower()).isEqualTo(20);
      assertThat(standings.steps().upper()).isEqualTo(40);
    }
  }

  @Test
  void oneRecipeWithTwoBudgetsIsNoRace() {
    try (LabDatabase lab = LabDatabase.open(folder.resolve("one.db"))) {
      lab.add("short", run("fast", 100, 0, 50));
      lab.add("long", run("fast", 200, 0, 50));
      Report.write(lab, folder.resolve("report"));
    }
    assertThat(folder.resolve("report/index.html"))
        .content()
        .contains("fast, 100 steps", "fast, 200 steps")
        .doesNotContain("Recipes on the same texts");
  }

  @Test
  void theReportDrawsARaceWhereThereAreSeveralRecipes() {
    standings(Standings.Budget.UNLIMITED);
    try (LabDatabase lab = LabDatabase.open(folder.resolve("race.db"))) {
      Report.write(lab, folder.resolve("report"));
    }
    assertThat(folder.resolve("report/figures/race-exact.svg")).exists();
    assertThat(folder.resolve("report/figures/race-horizon.svg")).exists();
    assertThat(folder.resolve("report/index.html")).content().contains("Recipes on the same texts");
  }
}
