package dev.cram.bench;

import com.sun.management.ThreadMXBean;
import dev.cram.lm.CausalLm;
import dev.cram.lm.GradientPass;
import dev.cram.recipe.Objective;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.AdamW;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Times one optimisation step of recipe A: forward, backward, AdamW on one [mem] vector. Prints one
 * line of JSON, in the format of {@code torch_step.py}.
 */
public final class StepBench {
  private static final int WARM_UP_STEPS = 10;
  private static final double WARM_UP_SECONDS = 3;
  private static final int LEAST_STEPS = 5;

  private StepBench() {}

  /** Options: {@code --shape S --n N --precision f32|bf16 --threads T --seconds X}. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      options.put(arguments[i], arguments[i + 1]);
    }
    Shape shape = Shape.named(options.get("--shape"));
    int n = Integer.parseInt(options.get("--n"));
    String precision = options.get("--precision");
    int threads = Integer.parseInt(options.get("--threads"));
    double seconds = Double.parseDouble(options.get("--seconds"));
    Path model = shape.directory(Path.of(options.getOrDefault("--models", "bench/target/models")));
    long opening = System.nanoTime();
    try (Workers workers = new Workers(threads);
        CausalLm lm =
            CausalLm.open(
                model.toString(), Precision.valueOf(precision.toUpperCase(Locale.ROOT)), workers);
        GradientPass pass = new GradientPass(lm, n, workers)) {
      double openSeconds = elapsed(opening);
      Step step = new Step(lm, pass, n);
      long start = System.nanoTime();
      for (int i = 0; i < WARM_UP_STEPS || elapsed(start) < WARM_UP_SECONDS; i++) {
        step.run();
      }
      double[] times = new double[1 << 20];
      int steps = 0;
      long allocated = allocatedBytes();
      start = System.nanoTime();
      while ((steps < LEAST_STEPS || elapsed(start) < seconds) && steps < times.length) {
        long before = System.nanoTime();
        step.run();
        times[steps++] = (System.nanoTime() - before) / 1e6;
      }
      allocated = allocatedBytes() - allocated;
      double[] sorted = Arrays.copyOf(times, steps);
      Arrays.sort(sorted);
      System.out.printf(
          Locale.ROOT,
          "{\"engine\": \"cram\", \"shape\": \"%s\", \"n\": %d, \"precision\": \"%s\","
              + " \"threads\": %d, \"steps\": %d, \"median_ms\": %.3f, \"min_ms\": %.3f,"
              + " \"max_ms\": %.3f, \"allocated_bytes_per_step\": %d, \"open_s\": %.2f,"
              + " \"peak_mib\": %d}%n",
          shape.id(),
          n,
          precision,
          threads,
          steps,
          sorted[steps / 2],
          sorted[0],
          sorted[steps - 1],
          allocated / steps,
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

  private static double elapsed(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  /** Bytes that this thread has allocated on the heap so far; the workers run the same code. */
  private static long allocatedBytes() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
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
