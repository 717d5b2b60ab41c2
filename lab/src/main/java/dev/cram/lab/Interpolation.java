package dev.cram.lab;

import dev.cram.lab.database.LabDatabase;
import dev.cram.lab.run.Line;
import dev.cram.lab.run.RunKey;
import dev.cram.lab.run.RunRequest;
import dev.cram.lm.CausalLm;
import dev.cram.lm.GradientPass;
import dev.cram.recipe.Objective;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures texts along the straight lines between the vectors that different seeds found for them
 * (Kuratov et al. 2025, Figure 8).
 */
final class Interpolation {
  private final int points;

  /** By everything of their keys but the seed. */
  private final Map<RunKey, List<RunRequest>> runsOfText = new LinkedHashMap<>();

  /**
   * @param points on each line, ends included, at least 2
   */
  Interpolation(int points) {
    this.points = points;
  }

  /** Notes a run whose vectors are an end of lines. */
  void add(RunRequest run) {
    List<RunRequest> runs =
        runsOfText.computeIfAbsent(run.key().withSeed(0), text -> new ArrayList<>());
    if (runs.stream().noneMatch(other -> other.key().seed() == run.key().seed())) {
      runs.add(run);
    }
  }

  /** Measures and records the lines that the database does not have yet. */
  void run(LabDatabase database, CausalLm lm, Workers workers, LabListener listener) {
    int total =
        runsOfText.values().stream().mapToInt(runs -> runs.size() * (runs.size() - 1) / 2).sum();
    int done = 0;
    for (List<RunRequest> runs : runsOfText.values()) {
      Map<String, float[]> vectors =
          database.vectors(runs.stream().map(run -> run.key().id()).toList());
      try (Measure measure = new Measure(lm, workers, runs.getFirst())) {
        for (int i = 0; i < runs.size(); i++) {
          for (int j = i + 1; j < runs.size(); j++) {
            String from = runs.get(i).key().id();
            String to = runs.get(j).key().id();
            // A run that failed has no vectors.
            if (vectors.containsKey(from)
                && vectors.containsKey(to)
                && !database.hasLine(from, to, points)) {
              database.add(measure.line(from, vectors.get(from), to, vectors.get(to)));
            }
            listener.interpolated(++done, total);
          }
        }
      }
    }
  }

  /** One text's loss at any vectors. */
  private final class Measure implements AutoCloseable {
    private final int length;
    private final float[] weights;
    private final Arena arena = Arena.ofConfined();
    private final Matrix mem;
    private final GradientPass pass;

    Measure(CausalLm lm, Workers workers, RunRequest text) {
      length = text.tokens().length;
      weights = new float[length];
      Objective.GIVEN_FIRST.weigh(length, weights);
      int count = text.key().vectors();
      mem = Matrix.allocate(arena, count, lm.embeddingSize());
      pass = new GradientPass(lm, count + length - 1, workers);
      pass.text(text.tokens(), count);
    }

    Line line(String from, float[] first, String to, float[] last) {
      float[] accuracies = new float[points];
      float[] crossEntropies = new float[points];
      float[] between = new float[first.length];
      for (int point = 0; point < points; point++) {
        double share = (double) point / (points - 1);
        for (int i = 0; i < between.length; i++) {
          between[i] = (float) ((1 - share) * first[i] + share * last[i]);
        }
        mem.copyFrom(between);
        crossEntropies[point] = (float) pass.run(mem, length, weights, null);
        int right = 0;
        for (int i = 1; i < length; i++) {
          right += pass.margins()[i] > 0 ? 1 : 0;
        }
        accuracies[point] = (float) right / (length - 1);
      }
      return new Line(from, to, accuracies, crossEntropies);
    }

    @Override
    public void close() {
      pass.close();
      arena.close();
    }
  }
}
