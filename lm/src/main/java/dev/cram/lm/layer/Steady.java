package dev.cram.lm.layer;

/**
 * Which input rows of a pass stay what they are from step to step: those of a text's tokens, while
 * the [mem] rows before them move. What depends on such a row alone is computed once, and no
 * gradient is wanted there.
 */
public final class Steady {
  private int first;
  private int end;

  /**
   * A new sequence, of which nothing has been computed yet.
   *
   * @param first the first row that stays
   */
  public void begin(int first) {
    this.first = first;
    end = 0;
  }

  /** A pass has computed the rows up to {@code to}. */
  public void computed(int to) {
    end = Math.max(end, to);
  }

  /** Of rows 0 to {@code to}, the end of those that must be computed in this pass. */
  int changing(int to) {
    return to <= end ? Math.min(first, to) : to;
  }

  /** Of rows 0 to {@code rows}, the end of those whose gradient is wanted. */
  int wanted(int rows) {
    return Math.min(first, rows);
  }
}
