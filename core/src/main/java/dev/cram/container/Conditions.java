package dev.cram.container;

/**
 * Under which conditions a file was verified by decoding it. The number of threads is none of them,
 * since results do not depend on it.
 *
 * @param program what verified it, with its version
 * @param kernels the instruction set of the matrix products
 * @param lanes the width of the other computations, in floats a vector register
 */
public record Conditions(String program, String kernels, int lanes) {
  /** Of files that do not say it (format version 1). */
  public static final Conditions UNKNOWN = new Conditions("", "", 0);

  /** Whether anything is known. */
  public boolean areKnown() {
    return !equals(UNKNOWN);
  }

  /** In words, for people. */
  @Override
  public String toString() {
    return areKnown()
        ? program + ", " + kernels + " products, " + 32 * lanes + "-bit vectors, any threads"
        : "unknown";
  }
}
