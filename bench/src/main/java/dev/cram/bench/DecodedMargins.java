package dev.cram.bench;

import dev.cram.lm.GreedyDecoder;
import dev.cram.tensor.Matrix;
import java.lang.foreign.Arena;

/** By how much right tokens win where they are decoded one after the other. */
final class DecodedMargins {
  private DecodedMargins() {}

  /**
   * @param vectors {@code [K, embeddingSize]}
   * @return the margin of each token in logits, negative where another one wins
   */
  static float[] of(GreedyDecoder decoder, float[] vectors, int embeddingSize, int[] tokens) {
    try (Arena arena = Arena.ofConfined()) {
      decoder.start(Matrix.of(arena, vectors.length / embeddingSize, embeddingSize, vectors));
    }
    float[] margins = new float[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      margins[i] = decoder.margin(tokens[i]);
      if (i < tokens.length - 1) {
        decoder.feed(tokens[i]);
      }
    }
    return margins;
  }
}
