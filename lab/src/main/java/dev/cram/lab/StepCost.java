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
 * with the length.
 */
final class StepCost {
  /** Enough for the virtual machine to have compiled what matters; the fastest step counts. */
  private static final int STEPS = 60;

  private final int shortest;
  private final double ofShortest;
  private final double secondsPerToken;

  private StepCost(int shortest, double ofShortest, double secondsPerToken) {
    this.shortest = shortest;
    this.ofShortest = ofShortest;
    this.secondsPerToken = secondsPerToken;
  }

  /** Times steps of some of these requests, at least one. */
  static StepCost of(CausalLm lm, List<RunRequest> requests) {
    Comparator<RunRequest> byLength = Comparator.comparingInt(request -> request.key().length());
    RunRequest least = requests.stream().min(byLength).orElseThrow();
    RunRequest most = requests.stream().max(byLength).orElseThrow();
    try (Workers workers = new Workers(1);
        Trial trial = new Trial(lm, workers, "", "")) {
      double ofShortest = seconds(trial, least);
      int more = most.key().length() - least.key().length();
      double slope = more == 0 ? 0 : Math.max(0, (seconds(trial, most) - ofShortest) / more);
      return new StepCost(least.key().length(), ofShortest, slope);
    }
  }

  private static double seconds(Trial trial, RunRequest request) {
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
    trial.run(request.withMaxSteps(STEPS), clock);
    return clock.fastest == Long.MAX_VALUE ? 0 : clock.fastest / 1e9;
  }

  /** Seconds that these requests take one after another if each uses all of its steps. */
  double atMost(List<RunRequest> requests) {
    return requests.stream().map(RunRequest::key).mapToDouble(this::atMost).sum();
  }

  private double atMost(RunKey key) {
    return key.maxSteps() * (ofShortest + secondsPerToken * (key.length() - shortest));
  }
}
