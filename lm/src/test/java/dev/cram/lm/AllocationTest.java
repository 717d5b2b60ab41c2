package dev.cram.lm;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Precision;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A step allocates nothing on the Java heap, once the just-in-time compiler has seen it. */
@Tag("fresh-jvm")
class AllocationTest {
  private static final int STEPS = 100;
  private static final int MOST_ROUNDS = 300;

  @ParameterizedTest
  @CsvSource({"llama, F32", "llama_bf16, F32", "llama_bf16, BF16", "mamba, F32"})
  void aStepComesToAllocateNothing(String name, Precision precision) {
    try (FixtureModel model = new FixtureModel(name, precision, 1)) {
      Matrix dMem = Matrix.allocate(model.arena, model.mem.rows(), model.mem.cols());
      float[] weights = model.predictAll();
      var thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      int rounds = 0;
      long bytes;
      do {
        long before = thread.getCurrentThreadAllocatedBytes();
        for (int step = 0; step < STEPS; step++) {
          model.pass.run(model.mem, model.ids.length, weights, dMem);
        }
        bytes = thread.getCurrentThreadAllocatedBytes() - before;
      } while (bytes > 0 && ++rounds < MOST_ROUNDS);

      assertThat(bytes).as("bytes of %d steps", STEPS).isZero();
    }
  }
}
