package dev.cram.lm.files;

import static dev.cram.lm.files.WeightsTest.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigTest {
  @Test
  void readsValuesOfEveryType() {
    ModelConfig config =
        config(
            "{'model_type':'llama','n':7,'x':1e-5,'f':7.0,'yes':true,'none':null,'o':{'n':'a'}}");
    assertThat(config.modelType()).isEqualTo("llama");
    assertThat(config.requiredInt("n")).isEqualTo(7);
    assertThat(config.requiredInt("f")).isEqualTo(7);
    assertThat(config.optionalInt("none", 3)).isEqualTo(3);
    assertThat(config.requiredDouble("x")).isEqualTo(1e-5);
    assertThat(config.optionalDouble("lost", 0.5)).isEqualTo(0.5);
    assertThat(config.bool("yes", false)).isTrue();
    assertThat(config.bool("lost", true)).isTrue();
    assertThat(config.string("lost", "a")).isEqualTo("a");
    assertThat(config.has("none")).isFalse();
    assertThat(config.isNull("none")).isTrue();
    assertThat(config.isNull("lost")).isFalse();
    assertThat(config.isNull("n")).isFalse();
    assertThat(config.object("none")).isEmpty();
    assertThat(config.object("o").orElseThrow().requiredString("n")).isEqualTo("a");
  }

  @Test
  void defaultsStandInForWhatIsMissing() {
    ModelConfig config =
        config("{'o':{'n':7,'none':null}}")
            .object("o")
            .orElseThrow()
            .withDefaults(Map.of("n", 1, "none", 2, "lost", 3));
    assertThat(config.requiredInt("n")).isEqualTo(7);
    assertThat(config.requiredInt("none")).isEqualTo(2);
    assertThat(config.requiredInt("lost")).isEqualTo(3);
    assertRejected(() -> config.requiredInt("size")).hasMessageContaining("has no o.size");
  }

  @Test
  void readsAListOfStrings() {
    assertThat(config("{'l':['a','b']}").strings("l")).contains(List.of("a", "b"));
    assertThat(config("{'l':null}").strings("l")).isEmpty();
    assertRejected(() -> config("{'l':['a',null]}").strings("l"))
        .hasMessageContaining("l is [\"a\",null], expected a list of strings");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-1",
        "1.5",
        "'7'",
        "true",
        "[1]",
        "{}",
        "2147483648",
        "1e300",
        "1e999999999",
        "1e-999999999",
        "1e9999999999999999999"
      })
  void rejectsASizeThatIsNoneAndSaysWhatItExpected(String value) {
    assertRejected(
            () -> config("{'o':{'size':" + value + "}}").object("o").get().requiredInt("size"))
        .hasMessageContainingAll(
            "config.json: o.size is ", ", expected a whole number from 1 to 2147483647");
  }

  @Test
  void namesAMissingKey() {
    assertRejected(() -> config("{}").requiredInt("hidden_size"))
        .hasMessageStartingWith(
            "config.json: has no hidden_size, expected a whole number of at least 1");
    assertRejected(() -> config("{'model_type':null}").modelType())
        .hasMessageContaining("has no model_type");
  }

  @Test
  void rejectsOtherTypes() {
    ModelConfig config = config("{'a':1,'b':'x','c':1e999}");
    assertRejected(() -> config.string("a", "")).hasMessageContaining("a is 1, expected a string");
    assertRejected(() -> config.bool("a", true)).hasMessageContaining("expected true or false");
    assertRejected(() -> config.object("a")).hasMessageContaining("expected an object");
    assertRejected(() -> config.requiredDouble("b"))
        .hasMessageContaining("b is \"x\", expected a finite number");
    assertRejected(() -> config.requiredDouble("c")).hasMessageContaining("a finite number");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "[]", "1", "{", "{} {}", "{'a':1}", "{\"a\":NaN}", "\0\1\2"})
  void rejectsWhatIsNotOneJsonObject(String json) {
    assertRejected(() -> ModelConfig.of("config.json", json.getBytes(StandardCharsets.UTF_8)))
        .hasMessage("config.json: is not one JSON object; download it again");
  }

  @Test
  void rejectsDeepNesting() {
    assertRejected(() -> config("{'a':" + "[".repeat(1_000_000)))
        .hasMessageContaining("is not one JSON object");
  }

  @Test
  void rejectsAConfigThatIsNotUtf8() {
    assertRejected(() -> ModelConfig.of("config.json", new byte[] {'{', (byte) 0xff, '}'}))
        .hasMessageContaining("is not UTF-8");
  }

  @Test
  void rejectsAMissingOrHugeFile(@TempDir Path folder) throws IOException {
    assertRejected(() -> ModelConfig.read(folder.resolve("config.json")))
        .hasMessageContaining("config.json: no such file");
    Path huge = folder.resolve("config.json");
    try (var file = new java.io.RandomAccessFile(Files.createFile(huge).toFile(), "rw")) {
      file.setLength(8L << 30);
    }
    assertRejected(() -> ModelConfig.read(huge)).hasMessageContaining("has 8589934592 bytes");
  }

  @Test
  void readsAttentionSizesWithDefaults() {
    assertThat(AttentionSizes.of(config("{'hidden_size':576,'num_attention_heads':9}")))
        .isEqualTo(new AttentionSizes(576, 9, 9, 64));
    assertThat(
            AttentionSizes.of(
                config(
                    "{'hidden_size':64,'num_attention_heads':6,'num_key_value_heads':3,"
                        + "'head_dim':16}")))
        .isEqualTo(new AttentionSizes(64, 6, 3, 16));
  }

  @Test
  void namesBothKeysOfAContradiction() {
    assertRejected(() -> AttentionSizes.of(config("{'hidden_size':100,'num_attention_heads':9}")))
        .hasMessageContaining("hidden_size (100) is not a multiple of num_attention_heads (9)");
    assertRejected(() ->
            AttentionSizes.of(
                config("{'hidden_size':90,'num_attention_heads':9,'num_key_value_heads':2}")))
        .hasMessageContaining(
            "num_attention_heads (9) is not a multiple of num_key_value_heads (2)");
  }

  static ModelConfig config(String json) {
    return ModelConfig.of("config.json", json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }
}
