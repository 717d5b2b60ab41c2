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

  @Test
  void scalesBytesToThreeDigits() {
    assertThat(Spoken.bytes(1)).isEqualTo("1 byte");
    assertThat(Spoken.bytes(999)).isEqualTo("999 bytes");
    assertThat(Spoken.bytes(1540)).isEqualTo("1.5 kB");
    assertThat(Spoken.bytes(999_940)).isEqualTo("1.0 MB");
    assertThat(Spoken.bytes(98_340_000)).isEqualTo("98.3 MB");
    assertThat(Spoken.bytes(2_471_000_000_000L)).isEqualTo("2,471 GB");
  }

  @Test
  void scalesCountsAsModelsAreNamed() {
    assertThat(Spoken.magnitude(999)).isEqualTo("999");
    assertThat(Spoken.magnitude(6_951_168)).isEqualTo("7.0M");
    assertThat(Spoken.magnitude(162_322_944)).isEqualTo("162M");
    assertThat(Spoken.magnitude(1_235_814_400)).isEqualTo("1.2B");
  }
}
