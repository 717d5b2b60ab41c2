package dev.cram.tensor;

/**
 * How wide the slices of a packed matrix are: as a rule, so that a few workers get equally much.
 *
 * <p>oneDNN's kernels do best at widths of 64 columns and multiples; 48 and three times 48 come
 * close. A slice should also fit into a core's second-level cache, with room for the inputs.
 */
public final class SliceWidth {
  private static final int MAX_WIDTH = 512;
  private static final int MAX_FLOATS = 300_000;

  /** What a part costs beside its columns, in columns. */
  private static final int OVERHEAD = 2;

  private static final double COST_OF_48 = 1.04;

  private SliceWidth() {}

  /** The width for a matrix {@code [k, n]}. */
  public static int of(int k, int n) {
    int best = Math.min(64, n);
    double lowest = cost(n, best);
    for (int width = 128; width <= MAX_WIDTH && width <= n && fits(k, width); width += 64) {
      double cost = cost(n, width);
      if (cost <= lowest) {
        best = width;
        lowest = cost;
      }
    }
    for (int width = 48; width <= 144 && width < n && (width == 48 || fits(k, width)); width *= 3) {
      double cost = COST_OF_48 * cost(n, width);
      if (cost < lowest) {
        best = width;
        lowest = cost;
      }
    }
    return best;
  }

  private static boolean fits(int k, int width) {
    return (long) k * width <= MAX_FLOATS;
  }

  /** The time of two, four and eight workers relative to an even share, added up. */
  private static double cost(int n, int width) {
    int slices = Math.ceilDiv(n, width);
    double cost = 0;
    for (int workers = 2; workers <= 8; workers *= 2) {
      cost += (double) Math.ceilDiv(slices, workers) * workers * (width + OVERHEAD) / n;
    }
    return cost;
  }
}
