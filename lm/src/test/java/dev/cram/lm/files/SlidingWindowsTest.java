package dev.cram.lm.files;

import static dev.cram.lm.files.ModelConfigTest.config;
import static dev.cram.lm.files.WeightsTest.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.op.Attention;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlidingWindowsTest {
  private static final int ALL = Attention.NO_WINDOW;
  private static final String SLIDING = "'sliding_attention'";
  private static final String FULL = "'full_attention'";

  @Test
  void qwenHasNoneUnlessToldSo() {
    assertThat(
            SlidingWindows.ofUpperLayers(
                config("{'num_hidden_layers':2,'sliding_window':9,'max_window_layers':0}")))
        .containsExactly(ALL, ALL);
    assertThat(
            SlidingWindows.ofUpperLayers(
                config("{'num_hidden_layers':2,'use_sliding_window':true,'sliding_window':null}")))
        .containsExactly(ALL, ALL);
  }

  @Test
  void qwenHasThemInUpperLayers() {
    String use = "{'num_hidden_layers':3,'use_sliding_window':true,'sliding_window':9,";
    assertThat(SlidingWindows.ofUpperLayers(config(use + "'max_window_layers':1}")))
        .containsExactly(ALL, 9, 9);
    assertThat(SlidingWindows.ofUpperLayers(config(use + "'max_window_layers':28}")))
        .containsExactly(ALL, ALL, ALL);
    String types = "'layer_types':[" + SLIDING + "," + FULL + "," + FULL + "]}";
    assertThat(SlidingWindows.ofUpperLayers(config(use + "'max_window_layers':1," + types)))
        .containsExactly(9, ALL, ALL);
  }

  @Test
  void gemmaHasThemInAllButEverySixthLayer() {
    assertThat(SlidingWindows.ofPattern(config("{'num_hidden_layers':7,'sliding_window':5}")))
        .containsExactly(5, 5, 5, 5, 5, ALL, 5);
    assertThat(
            SlidingWindows.ofPattern(
                config(
                    "{'num_hidden_layers':4,'sliding_window':5,'sliding_window_pattern':2,"
                        + "'layer_types':null}")))
        .containsExactly(5, ALL, 5, ALL);
  }

  @Test
  void layerTypesGoBeforeThePattern() {
    assertThat(
            SlidingWindows.ofPattern(
                config(
                    "{'num_hidden_layers':2,'sliding_window':5,'sliding_window_pattern':2,"
                        + "'layer_types':["
                        + FULL
                        + ","
                        + SLIDING
                        + "]}")))
        .containsExactly(ALL, 5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'layer_types':['full_attention'] | layer_types has 1 entries, but num_hidden_layers is 2",
        "'layer_types':['full_attention','chunked'] | expected \"full_attention\" and",
        "'layer_types':'full_attention' | expected a list of strings",
        "'layer_types':['full_attention',1] | expected a list of strings",
        "'sliding_window_pattern':0 | sliding_window_pattern is 0",
        "'x':1 | has no sliding_window",
        "'sliding_window':0 | sliding_window is 0",
      })
  void namesKeysThatDoNotFit(String keys, String expected) {
    assertRejected(() -> SlidingWindows.ofPattern(config("{'num_hidden_layers':2," + keys + "}")))
        .hasMessageContaining(expected);
  }

  @Test
  void refusesMoreLayersThanAnyModelHasBeforeItMakesRoomForThem() {
    assertRejected(() -> SlidingWindows.ofUpperLayers(config("{'num_hidden_layers':2000000000}")))
        .hasMessageContaining("num_hidden_layers is 2000000000, expected at most");
  }

  @Test
  void namesBothKeysOfAWindowThatIsNotUsed() {
    String json = "{'num_hidden_layers':1,'sliding_window':5,'layer_types':[" + SLIDING + "]}";
    assertRejected(() -> SlidingWindows.ofUpperLayers(config(json)))
        .hasMessageContainingAll("layer_types", "use_sliding_window");
  }
}
