package dev.cram.lab;

import dev.cram.lab.run.Run;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/** Which lengths of the grid are run next. */
final class LengthSearch {
  private final List<Integer> lengths;
  private final Experiment.Goal goal;

  /** Lengths before this index decode, those from {@link #fails} on do not. */
  private int unknown;

  private int fails;
  private boolean over;

  /**
   * @param lengths the grid, ascending
   */
  LengthSearch(List<Integer> lengths, Experiment.Goal goal) {
    this.lengths = lengths;
    this.goal = goal;
    fails = lengths.size();
    over = lengths.isEmpty();
  }

  boolean isOver() {
    return over;
  }

  /** The lengths to run now; all that are run at once. */
  List<Integer> next() {
    return goal == Experiment.Goal.ALL ? lengths : List.of(lengths.get(middle()));
  }

  private int middle() {
    return (unknown + fails) / 2;
  }

  /**
   * @param meanAccuracy of the runs of a length of {@link #next}
   */
  void learn(IntToDoubleFunction meanAccuracy) {
    if (goal == Experiment.Goal.ALL) {
      over = true;
      return;
    }
    if (meanAccuracy.applyAsDouble(lengths.get(middle())) >= Run.DECODED) {
      unknown = middle() + 1;
    } else {
      fails = middle();
    }
    over = unknown >= fails;
  }
}
