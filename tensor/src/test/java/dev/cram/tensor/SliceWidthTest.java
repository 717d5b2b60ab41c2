package dev.cram.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SliceWidthTest {
  @ParameterizedTest
  @CsvSource({
    "576, 3072, 384", // eight equal slices
    "1536, 576, 48", // nine of 64 would leave one of two workers idle at the end
    "576, 49152, 512", // the widest
    "8192, 2048, 64", // never narrower for the cache's sake
    "64, 40, 40", // the whole matrix
    "64, 1, 1",
  })
  void sharesAMatrixEvenly(int k, int n, int expected) {
    assertThat(SliceWidth.of(k, n)).isEqualTo(expected);
  }
}
