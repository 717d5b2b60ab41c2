package dev.cram.lm.files;

import dev.cram.lm.InputException;

/**
 * The sizes of attention with grouped queries.
 *
 * @param hiddenSize the width of the residual stream
 * @param heads the number of query heads
 * @param keyValueHeads the number of key and value heads, a divisor of {@code heads}
 * @param headDim the width of one head; {@code heads * headDim} need not be {@code hiddenSize}
 */
public record AttentionSizes(int hiddenSize, int heads, int keyValueHeads, int headDim) {
  /** Many times that of any model; tables of positions are as wide. */
  private static final int LARGEST_HEAD_DIM = 1 << 14;

  /**
   * Heads that share the hidden size out among them, each with keys and values of its own.
   *
   * @param hiddenSizeKey such as {@code hidden_size}
   * @param headsKey such as {@code num_attention_heads}
   * @throws InputException if one is missing, not positive, or they contradict each other
   */
  public static AttentionSizes ofEqualShares(
      ModelConfig config, String hiddenSizeKey, String headsKey) {
    int hiddenSize = config.requiredInt(hiddenSizeKey);
    int heads = config.requiredInt(headsKey);
    if (hiddenSize % heads != 0) {
      throw new InputException(
          config.file()
              + ": "
              + hiddenSizeKey
              + " ("
              + hiddenSize
              + ") is not a multiple of "
              + headsKey
              + " ("
              + heads
              + "); use the config.json that belongs to the weights");
    }
    return checked(config, new AttentionSizes(hiddenSize, heads, heads, hiddenSize / heads));
  }

  private static AttentionSizes checked(ModelConfig config, AttentionSizes sizes) {
    if (sizes.headDim > LARGEST_HEAD_DIM
        || (long) sizes.heads * sizes.headDim > Integer.MAX_VALUE) {
      throw new InputException(
          config.file()
              + ": "
              + sizes.heads
              + " heads of "
              + sizes.headDim
              + " dimensions make no sense, expected at most "
              + LARGEST_HEAD_DIM
              + " dimensions and 2^31 in all; use the config.json that belongs to the weights");
    }
    return sizes;
  }

  /**
   * Reads {@code hidden_size}, {@code num_attention_heads}, {@code num_key_value_heads} (all heads
   * if missing) and {@code head_dim} ({@code hidden_size / num_attention_heads} if missing).
   *
   * @throws InputException if one is missing, not positive, or two contradict each other
   */
  public static AttentionSizes of(ModelConfig config) {
    int hiddenSize = config.requiredInt("hidden_size");
    int heads = config.requiredInt("num_attention_heads");
    int keyValueHeads =
        config.has("num_key_value_heads") ? config.requiredInt("num_key_value_heads") : heads;
    if (heads % keyValueHeads != 0) {
      throw new InputException(
          config.file()
              + ": num_attention_heads ("
              + heads
              + ") is not a multiple of num_key_value_heads ("
              + keyValueHeads
              + "); use the config.json that belongs to the weights");
    }
    if (config.has("head_dim")) {
      int headDim = config.requiredInt("head_dim");
      return checked(config, new AttentionSizes(hiddenSize, heads, keyValueHeads, headDim));
    }
    if (hiddenSize % heads != 0) {
      throw new InputException(
          config.file()
              + ": hidden_size ("
              + hiddenSize
              + ") is not a multiple of num_attention_heads ("
              + heads
              + ") and there is no head_dim; use the config.json that belongs to the weights");
    }
    return checked(
        config, new AttentionSizes(hiddenSize, heads, keyValueHeads, hiddenSize / heads));
  }
}
