package dev.cram.lm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.Matrix;
import dev.cram.tensor.Precision;
import dev.cram.tensor.op.AdamW;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same bits from any number of threads, from run to run, interpreted or compiled. */
class RepeatabilityTest {
  private static final int STEPS = 300;

  /** Everything that an optimisation and a decoding compute. */
  private record Outcome(double[] objectives, float[] parameters, float[] margins) {}

  @ParameterizedTest
  @CsvSource({"llama, F32", "llama_bias, F32", "llama_bf16, BF16", "mamba, F32", "mamba_hub, BF16"})
  void allRunsGiveTheSameBits(String name, Precision precision) {
    Outcome first = run(name, precision, 1);
    for (int threads : new int[] {1, 2, 3, 2}) {
      Outcome again = run(name, precision, threads);
      assertThat(again.objectives()).as("%d threads", threads).isEqualTo(first.objectives());
      assertThat(again.parameters()).as("%d threads", threads).isEqualTo(first.parameters());
      assertThat(again.margins()).as("%d threads", threads).isEqualTo(first.margins());
    }
  }

  private static Outcome run(String name, Precision precision, int threads) {
    try (FixtureModel model = new FixtureModel(name, precision, threads);
        GreedyDecoder decoder =
            new GreedyDecoder(model.lm, model.mem.rows() + model.ids.length, model.workers)) {
      float[] parameters = model.mem.toArray();
      float[] gradient = new float[parameters.length];
      AdamW adamW = new AdamW(parameters.length, 0.9, 0.9, 1e-8, 0.01);
      Matrix dMem = Matrix.allocate(model.arena, model.mem.rows(), model.mem.cols());
      double[] objectives = new double[STEPS];
      for (int step = 0; step < STEPS; step++) {
        model.mem.copyFrom(parameters);
        // Now and then a prefix, as a recipe that grows has it.
        int length = step % 10 == 0 ? 1 + step % model.ids.length : model.ids.length;
        objectives[step] = model.pass.run(model.mem, length, model.predictAll(), dMem);
        dMem.copyTo(gradient);
        adamW.step(parameters, gradient, 0.05);
      }
      float[] margins = new float[model.ids.length];
      decoder.start(model.mem);
      for (int i = 0; i < margins.length; i++) {
        margins[i] = decoder.margin(model.ids[i]);
        decoder.feed(model.ids[i]);
      }
      return new Outcome(objectives, parameters, margins);
    }
  }
}
