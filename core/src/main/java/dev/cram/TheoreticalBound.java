package dev.cram;

/**
 * How many tokens a vector can hold at most, by counting bits: {@code L <= d * b / log2 |V|} for
 * {@code d} elements of {@code b} bits and a vocabulary of {@code |V|} tokens (Kuratov et al. 2025,
 * Eq. 1).
 */
public final class TheoreticalBound {
  /** The bits of an element that the paper counts, whatever the precision that is computed with. */
  public static final int BITS = 16;

  private TheoreticalBound() {}

  /**
   * The bound on the tokens of one vector; 787 for Pythia-160M.
   *
   * @param embeddingSize {@code d}, at least 1
   * @param vocabularySize {@code |V|}, at least 2
   */
  public static double tokens(int embeddingSize, int vocabularySize) {
    if (embeddingSize < 1 || vocabularySize < 2) {
      throw new IllegalArgumentException(
          "no bound for width " + embeddingSize + " and vocabulary " + vocabularySize);
    }
    return (double) embeddingSize * BITS * Math.log(2) / Math.log(vocabularySize);
  }
}
