package dev.cram.bench;

import dev.cram.lm.CausalLm;
import dev.cram.lm.GradientPass;
import dev.cram.recipe.Objective;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.AdamW;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Times one optimisation step of recipe A: forward, backward, AdamW on K [mem] vectors. Prints one
 * line of JSON a case, in the format of {@code torch_step.py}.
 */
public final class StepBench {
  /** C2 needs that long until the vector code of the first case is at full speed. */
  private static final double FIRST_WARM_UP_SECONDS = 10;

  private static final double WARM_UP_SECONDS = 2;

  private StepBench() {}

  /** Options: {@link Options}; lists of n, vectors and threads. */
  public static void main(String[] arguments) throws IOException {
    Options options = Options.of(arguments);
    Path model = options.shape().directory(options.models());
    long opening = System.nanoTime();
    try (Workers opener = new Workers(options.mostThreads());
        CausalLm lm = CausalLm.open(model.toString(), options.precision(), opener)) {
      double openSeconds = (System.nanoTime() - opening) / 1e9;
      double warmUpSeconds = FIRST_WARM_UP_SECONDS;
      for (Options.Case of : options.cases()) {
        PeakMemory.reset();
        try (Workers workers = new Workers(of.threads());
            GradientPass pass = new GradientPass(lm, of.rows(), workers)) {
          Step step = new Step(lm, pass, of);
          Timing timing = Timing.of(step::run, warmUpSeconds, options.seconds());
          warmUpSeconds = WARM_UP_SECONDS;
          System.out.printf(
              Locale.ROOT,
              "%s, \"steps\": %d, \"median_ms\": %.3f, \"min_ms\": %.3f, \"max_ms\": %.3f,"
                  + " \"allocated_bytes_per_step\": %d, \"open_s\": %.2f, \"peak_mib\": %d}%n",
              options.json("cram", of),
              timing.count(),
              timing.medianMs(),
              timing.minMs(),
              timing.maxMs(),
              timing.heapBytes(),
              openSeconds,
              PeakMemory.mebibytes());
        }
      }
    }
  }

  private static final class Step {
    private final GradientPass pass;
    private final int n;
    private final float[] parameters;
    private final float[] gradient;
    private final float[] weights;
    private final Matrix mem;
    private final Matrix dMem;
    private final AdamW adamW;

    Step(CausalLm lm, GradientPass pass, Options.Case of) {
      this.pass = pass;
      n = of.n();
      int size = of.vectors() * lm.embeddingSize();
      SplittableRandom random = new SplittableRandom(1);
      pass.text(random.ints(n, 0, lm.vocabularySize()).toArray(), of.vectors());
      parameters = new float[size];
      for (int i = 0; i < size; i++) {
        parameters[i] = (float) random.nextGaussian() * 0.04f;
      }
      gradient = new float[size];
      weights = new float[n];
      Objective.GIVEN_FIRST.weigh(n, weights);
      mem = Matrix.allocate(Arena.global(), of.vectors(), lm.embeddingSize());
      dMem = Matrix.allocate(Arena.global(), of.vectors(), lm.embeddingSize());
      adamW = new AdamW(size, 0.9, 0.9, 1e-8, 0.01);
    }

    void run() {
      mem.copyFrom(parameters);
      pass.run(mem, n, weights, dMem);
      dMem.copyTo(gradient);
      adamW.step(parameters, gradient, 0.01);
    }
  }
}
