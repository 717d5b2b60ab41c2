package dev.cram.lm.files;

import dev.cram.lm.InputException;
import dev.cram.tensor.op.Attention;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * How many rows each layer of a model sees: one window per hidden layer, {@link
 * Attention#NO_WINDOW} where it sees all.
 */
public final class SlidingWindows {
  private static final String SLIDING = "sliding_attention";
  private static final String FULL = "full_attention";

  /** More layers than any model has. */
  private static final int MOST_LAYERS = 1 << 14;

  private SlidingWindows() {}

  /**
   * Qwen's: with {@code use_sliding_window}, the layers that {@code layer_types} says, or those
   * from {@code max_window_layers} on, have the window {@code sliding_window}.
   *
   * @throws InputException if a key is missing, or two contradict each other
   */
  public static int[] ofUpperLayers(ModelConfig config) {
    int layers = config.requiredInt("num_hidden_layers");
    boolean use = config.bool("use_sliding_window", false) && config.has("sliding_window");
    if (!use && layerTypes(config).orElse(List.of()).contains(SLIDING)) {
      throw new InputException(
          config.file()
              + ": layer_types has "
              + SLIDING
              + ", but use_sliding_window and sliding_window give no window; use the config.json"
              + " that belongs to the weights");
    }
    if (!use) {
      return windows(config, layers, layer -> false);
    }
    int lowest = config.optionalInt("max_window_layers", 28);
    return windows(config, layers, layer -> layer >= lowest);
  }

  /**
   * Gemma's: the layers that {@code layer_types} says, or all but every {@code
   * sliding_window_pattern}th, have the window {@code sliding_window}.
   *
   * @throws InputException if a key is missing, or two contradict each other
   */
  public static int[] ofPattern(ModelConfig config) {
    int layers = config.requiredInt("num_hidden_layers");
    String key = config.has("sliding_window_pattern") ? "sliding_window_pattern" : null;
    int pattern = key == null ? 6 : config.requiredInt(key);
    return windows(config, layers, layer -> (layer + 1) % pattern != 0);
  }

  private static int[] windows(ModelConfig config, int layers, IntPredicate slidingByDefault) {
    Optional<List<String>> types = layerTypes(config);
    if (types.isPresent() && types.get().size() != layers) {
      throw new InputException(
          config.file()
              + ": layer_types has "
              + types.get().size()
              + " entries, but num_hidden_layers is "
              + layers
              + "; use the config.json that belongs to the weights");
    }
    if (layers > MOST_LAYERS) {
      throw config.wrong("num_hidden_layers", "at most " + MOST_LAYERS);
    }
    int[] windows = new int[layers];
    Arrays.fill(windows, Attention.NO_WINDOW);
    for (int layer = 0; layer < layers; layer++) {
      boolean sliding =
          types.isPresent() ? types.get().get(layer).equals(SLIDING) : slidingByDefault.test(layer);
      if (sliding) {
        windows[layer] = config.requiredInt("sliding_window");
      }
    }
    return windows;
  }

  private static Optional<List<String>> layerTypes(ModelConfig config) {
    Optional<List<String>> types = config.strings("layer_types");
    for (String type : types.orElse(List.of())) {
      if (!type.equals(SLIDING) && !type.equals(FULL)) {
        throw config.wrong(
            "layer_types", "\"" + FULL + "\" and \"" + SLIDING + "\" only; use another model");
      }
    }
    return types;
  }
}
