package dev.cram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class TheoreticalBoundTest {
  @Test
  void isThePapersForPythia160M() {
    assertThat(TheoreticalBound.tokens(768, 50304)).isCloseTo(786.8, within(0.05));
  }

  @Test
  void countsBits() {
    assertThat(TheoreticalBound.tokens(1, 2)).isCloseTo(16, within(1e-12));
    assertThat(TheoreticalBound.tokens(256, 1 << 16)).isCloseTo(256, within(1e-9));
  }

  @Test
  void needsAWidthAndAVocabulary() {
    assertThatIllegalArgumentException().isThrownBy(() -> TheoreticalBound.tokens(0, 100));
    assertThatIllegalArgumentException().isThrownBy(() -> TheoreticalBound.tokens(1, 1));
  }
}
