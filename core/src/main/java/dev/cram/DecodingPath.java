package dev.cram;

import dev.cram.container.Patch;
import dev.cram.container.Segment;
import dev.cram.container.Vectors;
import dev.cram.lm.CausalLm;
import dev.cram.lm.GreedyDecoder;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The decoding path: what vectors give back, token by token, and what must be patched for it.
 *
 * <p>Verifying feeds the right tokens and decoding feeds decoded ones, which with the patches are
 * the same: both make the same calls in the same order, so on one machine they agree to the bit.
 */
final class DecodingPath implements AutoCloseable {
  /**
   * A token that wins by less than this share of its logit is patched too: that many roundings of a
   * float, some ten, move margins where logits are large: RELIABILITY.md, "Other machines".
   */
  private static final float LEAST_SHARE = 6e-7f;

  private final CausalLm lm;
  private final Workers workers;

  /**
   * A token that wins by less, in logits, is patched although it is right: elsewhere it may lose.
   */
  private final float leastMargin;

  private GreedyDecoder decoder;

  DecodingPath(CausalLm lm, Workers workers) {
    this.lm = lm;
    this.workers = workers;
    // More than margins were seen to differ between machines: RELIABILITY.md, "Other machines".
    leastMargin =
        switch (lm.precision()) {
          case F32 -> 0.002f;
          case BF16 -> 0.75f;
        };
  }

  /**
   * Runs the decoder along a text and records what it misses, or would perhaps miss elsewhere.
   *
   * @param tokens what the vectors shall give back
   * @param vectors {@code [K, embeddingSize]}
   * @param scales of the vectors where they are rounded, else none
   * @param steps optimisation steps that were spent, for the record
   */
  Segment verify(int[] tokens, float[] vectors, float[] scales, int steps) {
    int count = vectors.length / lm.embeddingSize();
    start(vectors, count, tokens.length);
    List<Patch> patches = new ArrayList<>();
    float minMargin = Float.POSITIVE_INFINITY;
    for (int i = 0; i < tokens.length; i++) {
      float margin = decoder.margin(tokens[i]);
      if (margin >= Math.max(leastMargin, LEAST_SHARE * Math.abs(decoder.logit(tokens[i])))) {
        minMargin = Math.min(minMargin, margin);
      } else {
        patches.add(new Patch(i, tokens[i]));
      }
      if (i < tokens.length - 1) {
        decoder.feed(tokens[i]);
      }
    }
    return new Segment(
        tokens.length,
        count,
        Vectors.of(vectors, scales),
        patches,
        minMargin,
        steps,
        Segment.crc32(tokens),
        Segment.UNKNOWN);
  }

  /**
   * Decodes a segment greedily, its patches applied.
   *
   * @return fewer tokens than it has where the model's numbers overflow, as no vectors that were
   *     verified make them do
   */
  int[] decode(Segment segment) {
    start(segment.vectors().values(), segment.vectorCount(), segment.tokenCount());
    int[] tokens = new int[segment.tokenCount()];
    int patch = 0;
    for (int i = 0; i < tokens.length; i++) {
      if (patch < segment.patches().size() && segment.patches().get(patch).position() == i) {
        tokens[i] = segment.patches().get(patch++).token();
      } else {
        tokens[i] = decoder.next();
        if (tokens[i] == GreedyDecoder.NONE) {
          return Arrays.copyOf(tokens, i);
        }
      }
      if (i < tokens.length - 1) {
        decoder.feed(tokens[i]);
      }
    }
    return tokens;
  }

  private void start(float[] vectors, int count, int tokens) {
    int rows = count + tokens - 1;
    if (decoder == null || decoder.maxRows() < rows) {
      close();
      decoder = new GreedyDecoder(lm, Math.max(rows, Math.min(128, lm.maxPositions())), workers);
    }
    try (Arena arena = Arena.ofConfined()) {
      Matrix mem = Matrix.of(arena, count, lm.embeddingSize(), vectors);
      decoder.start(mem);
    }
  }

  /** Releases the memory of the decoder. */
  @Override
  public void close() {
    if (decoder != null) {
      decoder.close();
      decoder = null;
    }
  }
}
