package dev.cram.lab;

import dev.cram.CramStep;
import dev.cram.lab.run.RunKey;
import dev.cram.lab.run.RunRequest;
import dev.cram.lab.run.Trial;
import dev.cram.lm.CausalLm;
import dev.cram.tensor.Workers;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a step costs, from a few steps on the shortest and the longest text: it grows about linearly
 * with the rows of the pass.
 */
final class StepCost {
  /** Where so many steps take no time, the virtual machine may not have compiled what matters. */
  private static final int STEPS = 60;

  private static final int FEWEST_STEPS = 3;
  private static final double ENOUGH_SECONDS = 2;

  private final int fewestRows;
  private final double ofFewest;
  private final double secondsPerRow;

  private StepCost(int fewestRows, double ofFewest, double secondsPerRow) {
    this.fewestRows = fewestRows;
    this.ofFewest = ofFewest;
    this.secondsPerRow = secondsPerRow;
  }

  /** Rows of a step of a request. */
  static int rows(RunRequest request) {
    return rows(request.key());
  }

  private static int rows(RunKey key) {
    return key.length() + key.vectors();
  }

  /** Times steps of some of these requests, at least one. */
  static StepCost of(CausalLm lm, List<RunRequest> requests) {
    Comparator<RunRequest> byRows = Comparator.comparingInt(StepCost::rows);
    RunRequest least = requests.stream().min(byRows).orElseThrow();
    RunRequest most = requests.stream().max(byRows).orElseThrow();
    try (Workers workers = new Workers(1);
        Trial trial = new Trial(lm, workers, "", "")) {
      double ofFewest = seconds(trial, least);
      int more = rows(most) - rows(least);
      double slope = more == 0 ? 0 : Math.max(0, (seconds(trial, most) - ofFewest) / more);
      return new StepCost(rows(least), ofFewest, slope);
    }
  }

  /** The fastest of a few steps; of more steps where they are fast. */
  private static double seconds(Trial trial, RunRequest request) {
    long begin = System.nanoTime();
    double few = fastest(trial, request.withMaxSteps(FEWEST_STEPS));
    double spent = (System.nanoTime() - begin) / 1e9;
    return spent > ENOUGH_SECONDS ? few : fastest(trial, request.withMaxSteps(STEPS));
  }

  private static double fastest(Trial trial, RunRequest request) {
    var clock =
        new Consumer<CramStep>() {
          private long last;
          private long fastest = Long.MAX_VALUE;

          @Override
          public void accept(CramStep step) {
            long now = System.nanoTime();
            fastest = last == 0 ? fastest : Math.min(fastest, now - last);
            last = now;
          }
        };
    trial.run(request, clock);
    return clock.fastest == Long.MAX_VALUE ? 0 : clock.fastest / 1e9;
  }

  /** Seconds that these requests take one after another if each uses all of its steps. */
  double atMost(List<RunRequest> requests) {
    return requests.stream().map(RunRequest::key).mapToDouble(this::atMost).sum();
  }

  private double atMost(RunKey key) {
    return key.maxSteps() * Math.max(0, ofFewest + secondsPerRow * (rows(key) - fewestRows));
  }
}
