package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class DurationTest {
  @ParameterizedTest
  @CsvSource({"90, 90", "90s, 90", "30m, 1800", "1.5h, 5400", "2h30m, 9000", "1d2h3m4.5s, 93784.5"})
  void partsAddUpToSeconds(String text, double seconds) {
    assertThat(new Duration().convert(text)).isEqualTo(seconds);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "0h", "-5m", "1.5.2h", "h", "5x", "30m2h", "1 h"})
  void whatIsNoTimeIsSaid(String text) {
    assertThatThrownBy(() -> new Duration().convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "' is not a time");
  }
}
