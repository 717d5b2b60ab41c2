package dev.cram.lm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelReferenceTest {
  @Test
  void readsRepositoryRevisionAndFile() {
    assertThat(ModelReference.of("EleutherAI/pythia-160m"))
        .isEqualTo(new ModelReference("EleutherAI/pythia-160m", "main", Optional.empty()));
    assertThat(ModelReference.of("EleutherAI/pythia-160m@step1000").revision())
        .isEqualTo("step1000");
    assertThat(ModelReference.of("gpt2@refs/pr/8"))
        .isEqualTo(new ModelReference("gpt2", "refs/pr/8", Optional.empty()));
    assertThat(ModelReference.of("a/b@v1.0:q4/c.gguf"))
        .isEqualTo(new ModelReference("a/b", "v1.0", Optional.of("q4/c.gguf")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "a/b", "a/b@step1", "a/b:Q4_K_M", "a/b@refs/pr/1:x.gguf"})
  void isWrittenAsItWasRead(String text) {
    assertThat(ModelReference.of(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "a/",
        "/b",
        "a/b/c",
        "a b/c",
        "../b",
        "a/..",
        "a/b@",
        "a/b@../../x",
        "a/b@/x",
        "a/b:../x.gguf",
        "a--b/c",
        "-a/b",
        "a/b.",
        "a\\b",
        "~/a",
        "https://huggingface.co/a/b"
      })
  void refusesEverythingElse(String text) {
    assertThat(ModelReference.parse(text)).isEmpty();
    assertThatThrownBy(() -> ModelReference.of(text))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("OWNER/NAME");
  }
}
