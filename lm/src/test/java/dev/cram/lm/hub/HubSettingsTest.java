package dev.cram.lm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HubSettingsTest {
  @TempDir private Path home;

  @Test
  void areTheUsualOnesWithoutVariables() {
    HubSettings settings = of(Map.of());

    assertThat(settings.endpoint()).isEqualTo(URI.create("https://huggingface.co"));
    assertThat(settings.cache()).isEqualTo(home.resolve(".cache/huggingface/hub"));
    assertThat(settings.token()).isEmpty();
    assertThat(settings.offline()).isFalse();
    assertThat(settings.symbolicLinks()).isTrue();
  }

  @Test
  void followTheVariablesInPythonsOrder() {
    assertThat(of(Map.of("XDG_CACHE_HOME", "/x")).cache()).isEqualTo(Path.of("/x/huggingface/hub"));
    assertThat(of(Map.of("XDG_CACHE_HOME", "/x", "HF_HOME", "/h")).cache())
        .isEqualTo(Path.of("/h/hub"));
    assertThat(of(Map.of("HF_HOME", "/h", "HUGGINGFACE_HUB_CACHE", "/o")).cache())
        .isEqualTo(Path.of("/o"));
    assertThat(of(Map.of("HUGGINGFACE_HUB_CACHE", "/o", "HF_HUB_CACHE", "~/c")).cache())
        .isEqualTo(home.resolve("c"));
    assertThat(of(Map.of("HF_HUB_CACHE", "")).cache())
        .isEqualTo(home.resolve(".cache/huggingface/hub"));
    assertThat(of(Map.of("HF_ENDPOINT", "http://mirror:8080/hf/")).endpoint())
        .isEqualTo(URI.create("http://mirror:8080/hf"));
    assertThat(of(Map.of("HF_HUB_OFFLINE", "yes")).offline()).isTrue();
    assertThat(of(Map.of("HF_HUB_OFFLINE", "0", "TRANSFORMERS_OFFLINE", "1")).offline()).isTrue();
    assertThat(of(Map.of("HF_HUB_DISABLE_SYMLINKS", "1")).symbolicLinks()).isFalse();
  }

  @Test
  void takeTheTokenFromTheVariableOrTheFile() throws IOException {
    Path file = home.resolve(".cache/huggingface/token");
    Files.createDirectories(file.getParent());
    Files.writeString(file, "hf_file\n");

    assertThat(of(Map.of()).token()).contains("hf_file");
    assertThat(of(Map.of("HF_TOKEN", " hf_variable\n")).token()).contains("hf_variable");
    assertThat(of(Map.of("HF_TOKEN_PATH", home + "/none")).token()).isEmpty();
    assertThat(of(Map.of("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")).token()).isEmpty();
  }

  @Test
  void neverShowTheToken() {
    assertThat(of(Map.of("HF_TOKEN", "hf_secret")).toString()).doesNotContain("hf_secret");
    assertThatThrownBy(() -> of(Map.of("HF_TOKEN", "hf_sec ret")))
        .isInstanceOf(InputException.class)
        .hasMessageNotContaining("hf_sec");
  }

  @ParameterizedTest
  @ValueSource(strings = {"huggingface.co", "//huggingface.co", "https://huggingface.co:99999"})
  void refuseAnEndpointThatIsNoAddress(String endpoint) {
    assertThatThrownBy(() -> of(Map.of("HF_ENDPOINT", endpoint)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("HF_ENDPOINT")
        .hasMessageContaining("https://");
  }

  private HubSettings of(Map<String, String> environment) {
    return HubSettings.of(environment, home.toString());
  }
}
