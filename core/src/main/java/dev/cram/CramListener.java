package dev.cram;

import dev.cram.container.Segment;

/**
 * Hears what happens while a text is crammed or given back.
 *
 * <p>Several segments may be under way at once, so their events mix; where a segment starts in the
 * text tells them apart. The calls come one at a time, but from any of the threads that do the
 * work, so each must return fast.
 */
public interface CramListener {
  /** Hears nothing. */
  CramListener SILENT = new CramListener() {};

  /** A text begins, or is tried anew: {@code tokens} tokens in all its segments together. */
  default void textStarted(int tokens) {}

  /**
   * A segment begins, or is tried again from another start.
   *
   * @param firstToken where it starts in the text, in tokens
   * @param tokens its token ids; where its vectors turn out to hold fewer, it ends earlier
   * @param vectors how many vectors shall hold it
   */
  default void segmentStarted(int firstToken, int[] tokens, int vectors) {}

  /**
   * One optimisation step of a segment was done.
   *
   * @param firstToken where the segment starts in the text, in tokens
   */
  default void stepped(int firstToken, CramStep step) {}

  /**
   * A segment is settled.
   *
   * @param firstToken where it starts in the text, in tokens
   */
  default void segmentFinished(int firstToken, Segment segment) {}

  /**
   * A segment was there already, from an earlier process that did not come to its end.
   *
   * @param firstToken where it starts in the text, in tokens
   */
  default void segmentKept(int firstToken, Segment segment) {}

  /** Decoding went on: {@code tokens} of {@code allTokens} are given back. */
  default void decoded(int tokens, int allTokens) {}
}
