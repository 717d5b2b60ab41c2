package dev.cram.lm.layer;

import dev.cram.tensor.op.Attention;

/**
 * What the heads of one attention layer look like.
 *
 * @param heads query heads
 * @param kvHeads key and value heads, of which each serves {@code heads / kvHeads} query heads
 * @param headDim the width of a head
 * @param scale what the products of queries and keys are multiplied with
 * @param window how many rows a row sees, itself included; {@link Attention#NO_WINDOW} for all
 */
public record AttentionShape(int heads, int kvHeads, int headDim, float scale, int window) {
  /** Scaled by {@code 1 / sqrt(headDim)}, every earlier row visible. */
  public AttentionShape(int heads, int kvHeads, int headDim) {
    this(heads, kvHeads, headDim, (float) (1 / Math.sqrt(headDim)), Attention.NO_WINDOW);
  }

  /** The same heads in a sliding window. */
  public AttentionShape withWindow(int rows) {
    return new AttentionShape(heads, kvHeads, headDim, scale, rows);
  }

  /** The same heads with another scale. */
  public AttentionShape withScale(float factor) {
    return new AttentionShape(heads, kvHeads, headDim, factor, window);
  }
}
