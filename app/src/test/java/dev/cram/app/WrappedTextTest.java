package dev.cram.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.app.WrappedText.Run;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class WrappedTextTest {
  @Test
  void breaksAtBlanksAndKeepsTheTokenOfEachPart() {
    assertThat(WrappedText.wrap(List.of("The", " light", "house", " stood"), 10))
        .containsExactly(
            List.of(new Run(0, "The"), new Run(1, " ")),
            List.of(new Run(1, "light"), new Run(2, "house")),
            List.of(new Run(3, "stood")));
  }

  @Test
  void aBlankThatDoesNotFitIsNotSeen() {
    assertThat(lines(List.of("abc", " def"), 3)).containsExactly("abc", "def");
  }

  @Test
  void cutsAWordThatIsLongerThanALine() {
    assertThat(lines(List.of("abcdefgh"), 3)).containsExactly("abc", "def", "gh");
  }

  @Test
  void endsALineWhereTheTextDoes() {
    assertThat(lines(List.of("a\n", "\nb\r\nc"), 9)).containsExactly("a", "", "b", "c");
  }

  @Test
  void countsTwoColumnsForWideCharactersAndNoneForCombiningOnes() {
    assertThat(lines(List.of("灯台守"), 4)).containsExactly("灯台", "守");
    assertThat(lines(List.of("e\u0301e\u0301"), 2)).containsExactly("e\u0301e\u0301");
    assertThat(WrappedText.columns("🙂a")).isEqualTo(3);
  }

  @Test
  void letsNoEscapeThrough() {
    assertThat(lines(List.of("a\033[2Jb\u009b"), 20)).containsExactly("a?[2Jb?");
  }

  @Property
  void everyLineFitsAndNothingVisibleIsLost(
      @ForAll List<String> tokens, @ForAll @IntRange(min = 2, max = 40) int columns) {
    List<String> lines = lines(tokens, columns);

    assertThat(lines)
        .allSatisfy(l -> assertThat(WrappedText.columns(l)).isLessThanOrEqualTo(columns));
    assertThat(visible(String.join("", lines))).isEqualTo(visible(String.join("", tokens)));
  }

  /** Without blanks, and with what stands for control characters. */
  private static String visible(String text) {
    return text.codePoints()
        .filter(c -> c != ' ' && c != '\n' && c != '\r' && c != '\t')
        .mapToObj(c -> Character.isISOControl(c) ? "?" : Character.toString(c))
        .collect(Collectors.joining());
  }

  private static List<String> lines(List<String> tokens, int columns) {
    return WrappedText.wrap(tokens, columns).stream()
        .map(line -> line.stream().map(Run::text).collect(Collectors.joining()))
        .toList();
  }
}
