package dev.cram.bench;

import dev.cram.lm.CausalLm;
import dev.cram.lm.GradientPass;
import dev.cram.recipe.Objective;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.AdamW;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Times one optimisation step of recipe A: forward, backward, AdamW on one [mem] vector. Prints one
 * line of JSON, in the format of {@code torch_step.py}.
 */
public final class StepBench {
  private static final double WARM_UP_SECONDS = 3;

  private StepBench() {}

  /** Options: {@code --shape S --n N --precision f32|bf16 --threads T --seconds X}. */
  public static void main(String[] arguments) throws IOException {
    Options options = Options.of(arguments);
    int n = options.n();
    Path model = options.shape().directory(options.models());
    long opening = System.nanoTime();
    try (Workers workers = new Workers(options.threads());
        CausalLm lm = CausalLm.open(model.toString(), options.precision(), workers);
        GradientPass pass = new GradientPass(lm, n, workers)) {
      double openSeconds = (System.nanoTime() - opening) / 1e9;
      Step step = new Step(lm, pass, n);
      Timing timing = Timing.of(step::run, WARM_UP_SECONDS, options.seconds());
      System.out.printf(
          Locale.ROOT,
          "{\"engine\": \"cram\", \"shape\": \"%s\", \"n\": %d, \"precision\": \"%s\","
              + " \"threads\": %d, \"steps\": %d, \"median_ms\": %.3f, \"min_ms\": %.3f,"
              + " \"max_ms\": %.3f, \"allocated_bytes_per_step\": %d, \"open_s\": %.2f,"
              + " \"peak_mib\": %d}%n",
          options.shape().id(),
          n,
          options.precision().name().toLowerCase(Locale.ROOT),
          options.threads(),
          timing.count(),
          timing.medianMs(),
          timing.minMs(),
          timing.maxMs(),
          timing.heapBytes(),
          openSeconds,
          peakMebibytes());
    }
  }

  /** The most memory that this process has had resident, mapped files included; 0 if unknown. */
  private static long peakMebibytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
        .findFirst()
        .orElse(0);
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

    Step(CausalLm lm, GradientPass pass, int n) {
      this.pass = pass;
      this.n = n;
      int size = lm.embeddingSize();
      SplittableRandom random = new SplittableRandom(1);
      pass.text(random.ints(n, 0, lm.vocabularySize()).toArray(), 1);
      parameters = new float[size];
      for (int i = 0; i < size; i++) {
        parameters[i] = (float) random.nextGaussian() * 0.04f;
      }
      gradient = new float[size];
      weights = new float[n];
      Objective.GIVEN_FIRST.weigh(n, weights);
      mem = Matrix.allocate(Arena.global(), 1, size);
      dMem = Matrix.allocate(Arena.global(), 1, size);
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
