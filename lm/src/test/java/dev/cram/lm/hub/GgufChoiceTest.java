package dev.cram.lm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import java.util.List;
import org.junit.jupiter.api.Test;

class GgufChoiceTest {
  private static final List<String> FILES =
      List.of(
          "README.md",
          "m-Q4_K_M.gguf",
          "m-IQ4_K_M.gguf",
          "m.Q8_0.gguf",
          "big/m-F16-00001-of-00002.gguf",
          "mmproj-m-F16.gguf");

  @Test
  void takesAFileByItsNameOrTheEndOfIt() {
    assertThat(choose("a/b:m.Q8_0.gguf")).isEqualTo("m.Q8_0.gguf");
    assertThat(choose("a/b:q8_0")).isEqualTo("m.Q8_0.gguf");
    assertThat(choose("a/b:Q4_K_M")).isEqualTo("m-Q4_K_M.gguf");
  }

  @Test
  void takesTheOnlyOneThereIs() {
    assertThat(GgufChoice.of(ModelReference.of("a/b"), List.of("x.gguf", "mmproj-x.gguf", "y")))
        .isEqualTo("x.gguf");
  }

  @Test
  void listsThemWhereItIsNotClear() {
    assertThatThrownBy(() -> choose("a/b"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("several GGUF files")
        .hasMessageContaining("m-IQ4_K_M.gguf, m-Q4_K_M.gguf, m.Q8_0.gguf")
        .hasMessageNotContaining("mmproj");
    assertThatThrownBy(() -> choose("a/b:Q5_0"))
        .hasMessageContaining("no such GGUF file, choose one as a/b:FILE from");
  }

  @Test
  void refusesOnePartOfAFile() {
    assertThatThrownBy(() -> choose("a/b:big/m-F16-00001-of-00002.gguf"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("one part of a larger file");
  }

  private static String choose(String reference) {
    return GgufChoice.of(ModelReference.of(reference), FILES);
  }
}
