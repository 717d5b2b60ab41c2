package dev.cram.bench.ops;

import dev.cram.tensor.FrozenLinear;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A frozen layer in both directions, with weights that stay in the cache: what a core can do where
 * it does not wait for memory. {@code ProductBench} measures whole models.
 */
public class ProductBenchmark extends OpBenchmark {
  private static final int INPUTS = 576;
  private static final int OUTPUTS = 3072;

  @Param({"16", "64", "256"})
  public int rows;

  @Param({"1", "2"})
  public int threads;

  @Param public Precision precision;

  private Workers workers;
  private Multiplier multiplier;
  private FrozenLinear linear;
  private Matrix x;
  private Matrix y;
  private Matrix dx;

  @Setup
  public void setUp() {
    workers = new Workers(threads);
    multiplier = new Multiplier(workers, rows);
    linear = FrozenLinear.pack(arena, random(OUTPUTS, INPUTS), null, precision, workers);
    x = random(rows, INPUTS);
    y = random(rows, OUTPUTS);
    dx = random(rows, INPUTS);
  }

  @TearDown
  public void tearDown() {
    multiplier.close();
    workers.close();
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
