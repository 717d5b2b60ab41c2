package dev.cram.lm.files;

import static dev.cram.lm.files.ModelConfigTest.config;
import static dev.cram.lm.files.WeightsTest.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RopeParametersTest {
  private static final RopeParameters LLAMA3 =
      new RopeParameters(500_000, RopeParameters.Type.LLAMA3, 32, 1, 4, 8192, List.of());
  private static final String SCALING =
      "'factor':32.0,'high_freq_factor':4.0,'low_freq_factor':1.0,"
          + "'original_max_position_embeddings':8192";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'rope_theta':5e3}",
        "{'rotary_emb_base':5000}",
        "{'rope_theta':5000,'rope_scaling':null}",
        "{'rope_theta':5000,'rope_scaling':{'type':'default'}}",
        "{'rope_parameters':{'rope_theta':5000.0,'rope_type':'default'}}",
        "{'rope_parameters':{'rope_theta':5000.0}}",
        "{'rope_theta':1,'rope_parameters':{'rope_theta':5000.0,'rope_type':'default'}}",
      })
  void readsThetaInOldAndNewSpelling(String json) {
    RopeParameters rope = RopeParameters.of(config(json));
    assertThat(rope.theta()).isEqualTo(5000);
    assertThat(rope.type()).isEqualTo(RopeParameters.Type.DEFAULT);
  }

  @Test
  void hasThetaTenThousandByDefault() {
    assertThat(RopeParameters.of(config("{}")).theta()).isEqualTo(10_000);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'rope_theta':500000,'rope_scaling':{'type':'llama3',%s}}",
        "{'rope_theta':500000,'rope_scaling':{'rope_type':'llama3',%s}}",
        "{'rope_parameters':{'rope_theta':500000,'rope_type':'llama3',%s}}",
      })
  void readsLlama3ScalingInOldAndNewSpelling(String json) {
    assertThat(RopeParameters.of(config(json.formatted(SCALING)))).isEqualTo(LLAMA3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'rope_theta':1e6,'rope_scaling':{'type':'linear','factor':8.0}}",
        "{'rope_theta':1e6,'rope_scaling':{'rope_type':'linear','factor':8.0}}",
        "{'rope_parameters':{'rope_theta':1e6,'rope_type':'linear','factor':8}}",
      })
  void linearScalingDividesAllFrequencies(String json) {
    double[] frequencies = RopeParameters.of(config(json)).inverseFrequencies(6);
    assertThat(frequencies).hasSize(3);
    assertThat(frequencies[0]).isEqualTo(1.0 / 8);
    assertThat(frequencies[1]).isCloseTo(Math.pow(1e6, -2.0 / 6) / 8, within(1e-15));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{} | 1000000 | 1 | 10000",
        "{'rope_theta':500,'rope_local_base_freq':60,'rope_scaling':null} | 500 | 1 | 60",
        "{'rope_scaling':{'factor':8.0,'rope_type':'linear'}} | 1000000 | 8 | 10000",
        "{'rope_theta':500,'rope_scaling':{'factor':8.0,'type':'linear'}} | 500 | 8 | 10000",
        "{'rope_parameters':{'full_attention':{'rope_theta':500,'rope_type':'linear','factor':8},"
            + "'sliding_attention':{'rope_theta':60,'rope_type':'default'}}} | 500 | 8 | 60",
        "{'rope_theta':500,'rope_parameters':{'full_attention':{'rope_type':'default'}}}"
            + " | 500 | 1 | 10000",
      })
  void readsThoseOfBothKindsOfLayersInOldAndNewSpelling(
      String json, double theta, double factor, double localTheta) {
    RopeParameters full = RopeParameters.ofFullAttention(config(json));
    RopeParameters sliding = RopeParameters.ofSlidingAttention(config(json));
    assertThat(full.theta()).isEqualTo(theta);
    assertThat(full.factor()).isEqualTo(factor);
    assertThat(sliding.theta()).isEqualTo(localTheta);
    assertThat(sliding.type()).isEqualTo(RopeParameters.Type.DEFAULT);
  }

  @Test
  void rejectsOneSetOfParametersForTwoKindsOfLayers() {
    assertRejected(
            () -> RopeParameters.ofFullAttention(config("{'rope_parameters':{'rope_theta':5}}")))
        .hasMessageContaining(
            "expected one object for full_attention and one for sliding_attention");
  }

  @ParameterizedTest
  @ValueSource(strings = {"yarn", "dynamic", "longrope", ""})
  void saysWhichTypesThereAre(String type) {
    String json = "{'rope_scaling':{'type':'" + type + "'}}";
    assertRejected(() -> RopeParameters.of(config(json)))
        .hasMessageContaining(
            "rope_scaling.type is \""
                + type
                + "\", expected \"default\", \"linear\" or \"llama3\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'factor':32.0 | 'factor':0.5 | rope_parameters.factor is 0.5",
        "'factor':32.0 | 'x':1 | has no rope_parameters.factor",
        "'low_freq_factor':1.0 | 'low_freq_factor':0 | rope_parameters.low_freq_factor is 0",
        "'high_freq_factor':4.0 | 'high_freq_factor':1 | rope_parameters.high_freq_factor is 1",
        "embeddings':8192 | embeddings':0 | original_max_position_embeddings is 0",
        "'rope_theta':5e5 | 'rope_theta':0 | rope_parameters.rope_theta is 0",
      })
  void rejectsValuesOutOfRange(String good, String bad, String expected) {
    String json = "{'rope_parameters':{'rope_theta':5e5,'rope_type':'llama3'," + SCALING + "}}";
    assertRejected(() -> RopeParameters.of(config(json.replace(good, bad))))
        .hasMessageContaining(expected);
  }

  @Test
  void rejectsAThetaThatIsNotPositive() {
    assertRejected(() -> RopeParameters.of(config("{'rope_theta':-1}")))
        .hasMessageContaining("rope_theta is -1, expected a number above 0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'rotary_pct':0.5} | 32",
        "{'partial_rotary_factor':0.5} | 32",
        "{'rotary_pct':1.0,'rope_parameters':{'partial_rotary_factor':0.5}} | 32",
        "{'rotary_pct':0.5,'rope_parameters':{'rope_theta':5000.0}} | 32",
        "{'rotary_pct':1} | 64",
        "{} | 16",
      })
  void readsTheShareOfAHeadInOldAndNewSpelling(String json, int rotaryDim) {
    assertThat(RopeParameters.rotaryDim(config(json), 64, 0.25)).isEqualTo(rotaryDim);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-0.25", "1.5", "0.02", "0.05"})
  void refusesAShareThatIsNone(String share) {
    assertRejected(() -> RopeParameters.rotaryDim(config("{'rotary_pct':" + share + "}"), 64, 0.25))
        .hasMessageContaining(
            "rotary_pct is " + share + ", expected a share of the 64 elements of a head");
  }
}
