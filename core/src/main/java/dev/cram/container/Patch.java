package dev.cram.container;

/**
 * A token that greedy decoding misses: at {@code position} the decoder feeds back {@code token}
 * instead of the token with the largest logit.
 *
 * @param position position in its segment, 0 is the segment's first token
 * @param token the right token, at least 0
 */
public record Patch(int position, int token) {
  public Patch {
    if (position < 0 || token < 0) {
      throw new IllegalArgumentException(
          "a patch of token " + token + " at position " + position + ", both must be 0 or more");
    }
  }
}
