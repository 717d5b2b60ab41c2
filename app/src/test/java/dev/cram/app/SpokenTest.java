package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SpokenTest {
  @Test
  void saysDurationsAsAPersonDoes() {
    assertThat(Spoken.duration(0.04)).isEqualTo("0.0 s");
    assertThat(Spoken.duration(9.94)).isEqualTo("9.9 s");
    assertThat(Spoken.duration(9.96)).isEqualTo("10 s");
    assertThat(Spoken.duration(59.6)).isEqualTo("1 min 0 s");
    assertThat(Spoken.duration(200)).isEqualTo("3 min 20 s");
    assertThat(Spoken.duration(7500)).isEqualTo("2 h 5 min");
  }

  @Test
  void countsInSingularAndPlural() {
    assertThat(Spoken.count(1, "vector")).isEqualTo("1 vector");
    assertThat(Spoken.count(12345, "token")).isEqualTo("12,345 tokens");
  }
}
