package dev.cram.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GridTest {
  private static final int[] BITS = {3, 4, 6, 8, 16};

  @Property(tries = 200)
  void packedVectorsComeBackToTheBit(
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = 4) int which,
      @ForAll @IntRange(min = 1, max = 70) int width) {
    int bits = BITS[which];
    float[] values = rounded(new Random(seed), width, bits, new float[1]);
    float scale = Grid.scale(values, 0, width, bits);

    float[] scales = new float[1];
    values = rounded(new Random(seed), width, bits, scales);
    float[] back = new float[width];
    Grid.unpack(Grid.pack(values, 0, width, scales[0], bits), 0, width, scales[0], bits, back, 0);

    assertThat(back).isEqualTo(values);
    assertThat(scale).isPositive();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 6, 8, 16})
  void roundingIsAsFineAsTheBitsAllow(int bits) {
    Random random = new Random(1);
    float[] values = new float[4096];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    float scale = Grid.scale(values, 0, values.length, bits);
    double error = 0;
    for (float value : values) {
      error += Math.pow(value - Grid.value(Grid.code(value, scale, bits), scale, bits), 2);
    }
    // What the best uniform quantisers of a Gaussian reach (Max 1960: 0.0374 at 3 bits, 0.0115 at
    // 4), with some room; from 6 bits on the grid spans all values.
    double bound =
        bits == 3 ? 0.042 : bits == 4 ? 0.014 : bits == 6 ? 0.002 : bits == 8 ? 0.0001 : 1e-8;
    assertThat(error / values.length).isLessThan(bound);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 6, 8, 16})
  void aFileOfFewBitsGivesBackTheVectors(int bits) {
    Random random = new Random(bits);
    int width = 13;
    List<Segment> segments = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      float[] scales = new float[1 + i % 2];
      float[] values = new float[scales.length * width];
      for (int row = 0; row < scales.length; row++) {
        float[] scale = new float[1];
        System.arraycopy(rounded(random, width, bits, scale), 0, values, row * width, width);
        scales[row] = scale[0];
      }
      segments.add(
          new Segment(300, scales.length, Vectors.of(values, scales), List.of(), 1, 70_000, 7, 20));
    }
    CramFile file =
        new CramFile(
            new ModelIdentity("m", "w", "t", width),
            Precision.F32,
            "r",
            1,
            bits,
            new Conditions("cram 1", "avx2", 8),
            100,
            "0".repeat(64),
            List.of(new Section.Run(segments)));

    CramFileExamples.assertSame(CramFile.read("x", CramFileExamples.bytes(file)), file);
  }

  private static float[] rounded(Random random, int width, int bits, float[] scale) {
    float[] values = new float[width];
    for (int i = 0; i < width; i++) {
      values[i] = (float) random.nextGaussian() * 30;
    }
    scale[0] = Grid.scale(values, 0, width, bits);
    for (int i = 0; i < width; i++) {
      values[i] = Grid.value(Grid.code(values[i], scale[0], bits), scale[0], bits);
    }
    return values;
  }
}
