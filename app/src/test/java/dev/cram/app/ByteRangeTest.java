package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteRangeTest {
  private static final ByteRange.Converter CONVERTER = new ByteRange.Converter();

  @ParameterizedTest
  @CsvSource({"60:90, 60, 90", "60:, 60, 9223372036854775807", ":90, 0, 90", "7:7, 7, 7"})
  void eitherEndMayBeLeftOut(String text, long begin, long end) {
    assertThat(CONVERTER.convert(text)).isEqualTo(new ByteRange(begin, end));
  }

  @ParameterizedTest
  @ValueSource(strings = {":", "", "90", "90:60", "-1:5", "a:b", "1:2:3", "1:9999999999999999999"})
  void whatIsNoRangeIsSaid(String text) {
    assertThatThrownBy(() -> CONVERTER.convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "' is not a range of bytes");
  }

  @Test
  void aFileBehindOthersHasThePartThatLiesInIt() {
    ByteRange range = new ByteRange(60, 90);
    assertThat(range.in(0)).isEqualTo(range);
    assertThat(range.in(70)).isEqualTo(new ByteRange(0, 20));
    assertThat(range.in(100)).isEqualTo(new ByteRange(0, 0));
    assertThat(new ByteRange(60, Long.MAX_VALUE).in(70))
        .isEqualTo(new ByteRange(0, Long.MAX_VALUE));
  }
}
