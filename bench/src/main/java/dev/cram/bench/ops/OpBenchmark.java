package dev.cram.bench.ops;

import dev.cram.tensor.HugePageArena;
import dev.cram.tensor.Matrix;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** How all ops are measured, and the memory of one benchmark. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Thread)
public abstract class OpBenchmark {
  final Arena arena = new HugePageArena();
  private final SplittableRandom random = new SplittableRandom(1);

  /** Values of random sign from 0.01 to 1. */
  final Matrix random(int rows, int cols) {
    Matrix matrix = Matrix.allocate(arena, rows, cols);
    for (int row = 0; row < rows; row++) {
      for (int col = 0; col < cols; col++) {
        float size = 0.01f + 0.99f * (float) random.nextDouble();
        matrix.set(row, col, random.nextBoolean() ? size : -size);
      }
    }
    return matrix;
  }

  final float[] randomValues(int count) {
    return random(1, count).toArray();
  }

  @TearDown
  public void releaseMemory() {
    arena.close();
  }
}
