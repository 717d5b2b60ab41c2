package dev.cram;

/**
 * Hears what happens while a text is crammed or given back. The calls come one after another on the
 * thread that does the work, so each must return fast.
 */
public interface CramListener {
  /** Hears nothing. */
  CramListener SILENT = new CramListener() {};

  /** A text begins: {@code tokens} tokens in all its segments together. */
  default void textStarted(int tokens) {}

  /**
   * A segment begins, or is tried again with other tokens or vectors.
   *
   * @param segment its number in the text, from 0
   * @param firstToken where it starts in the text, in tokens
   * @param tokens its token ids
   * @param vectors how many vectors shall hold it
   */
  default void segmentStarted(int segment, int firstToken, int[] tokens, int vectors) {}

  /** One optimisation step of the current segment was done. */
  default void stepped(CramStep step) {}

  /**
   * A segment is settled.
   *
   * @param exact whether greedy decoding gives all of it back without patches
   * @param patches tokens that decoding would miss and that are stored as they are
   * @param minMargin smallest gap on the decoding path between the right token's logit and the next
   *     best one, in logits
   * @param steps optimisation steps spent on it
   */
  default void segmentFinished(
      int segment, boolean exact, int patches, float minMargin, int steps) {}

  /** Decoding went on: {@code tokens} of {@code allTokens} are given back. */
  default void decoded(int tokens, int allTokens) {}
}
