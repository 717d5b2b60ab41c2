package dev.cram.bench.ops;

import dev.cram.tensor.FrozenLinear;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A frozen layer in both directions, with weights that stay in the cache: what a core can do where
 * it does not wait for memory. {@code ProductBench} measures whole models.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Thread)
public class ProductBenchmark {
  private static final int INPUTS = 576;
  private static final int OUTPUTS = 3072;

  @Param({"16", "64", "256"})
  public int rows;

  @Param({"1", "2"})
  public int threads;

  @Param public Precision precision;

  private OpState memory;
  private Workers workers;
  private Multiplier multiplier;
  private FrozenLinear linear;
  private Matrix x;
  private Matrix y;
  private Matrix dx;

  @Setup
  public void setUp() {
    memory = new OpState();
    workers = new Workers(threads);
    multiplier = new Multiplier(workers, rows);
    linear =
        FrozenLinear.pack(memory.arena(), memory.random(OUTPUTS, INPUTS), null, precision, workers);
    x = memory.random(rows, INPUTS);
    y = memory.random(rows, OUTPUTS);
    dx = memory.random(rows, INPUTS);
  }

  @TearDown
  public void tearDown() {
    multiplier.close();
    workers.close();
    memory.close();
  }

  @Benchmark
  public void forward() {
    linear.forward(multiplier, x, y, 0, rows);
  }

  @Benchmark
  public void backward() {
    linear.backward(multiplier, y, dx, 0, rows);
  }
}
