package dev.cram.app.serve;

import java.util.Arrays;

/**
 * Loss and accuracy along the steps of a job, in points that are never more than the page can draw:
 * when they are, every other one is let go. One thread at a time may use an instance.
 */
final class Curve {
  private static final int MOST = 1000;
  private static final long FIRST_SPACING_NANOS = 50_000_000L;

  private final long[] steps = new long[MOST];
  private final float[] losses = new float[MOST];
  private final float[] accuracies = new float[MOST];
  private final float[] shares = new float[MOST];
  private int size;
  private long spacing = FIRST_SPACING_NANOS;
  private long last = Long.MIN_VALUE;

  /** Whether a point at this time is wanted. */
  boolean wants(long nanos) {
    return last == Long.MIN_VALUE || nanos - last >= spacing;
  }

  /**
   * Adds a point.
   *
   * @param step steps of all segments so far
   * @param loss mean over the tokens under way, in nats
   * @param accuracy share of the tokens under way that are right, 0 to 1
   * @param share of the whole text that is right, 0 to 1
   */
  void add(long nanos, long step, double loss, double accuracy, double share) {
    if (size == MOST) {
      size = MOST / 2;
      for (int i = 0; i < size; i++) {
        steps[i] = steps[2 * i];
        losses[i] = losses[2 * i];
        accuracies[i] = accuracies[2 * i];
        shares[i] = shares[2 * i];
      }
      spacing *= 2;
    }
    last = nanos;
    steps[size] = step;
    losses[size] = (float) loss;
    accuracies[size] = (float) accuracy;
    shares[size] = (float) share;
    size++;
  }

  /** What the page draws: one array for each quantity. */
  record Points(long[] step, float[] loss, float[] accuracy, float[] share) {}

  /** The points after a number of steps. */
  Points after(long step) {
    int from = size;
    while (from > 0 && steps[from - 1] > step) {
      from--;
    }
    return new Points(
        Arrays.copyOfRange(steps, from, size),
        Arrays.copyOfRange(losses, from, size),
        Arrays.copyOfRange(accuracies, from, size),
        Arrays.copyOfRange(shares, from, size));
  }
}
