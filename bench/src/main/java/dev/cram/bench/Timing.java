package dev.cram.bench;

import java.util.Arrays;

/**
 * How long a piece of work took.
 *
 * @param count how often it was run
 * @param heapBytes what one run allocated on the calling thread's heap
 */
record Timing(int count, double medianMs, double minMs, double maxMs, long heapBytes) {
  /** Of work that takes long, no more are measured. */
  private static final int LEAST_RUNS = 3;

  private static final int MOST_RUNS = 1 << 20;

  /** Runs work for some seconds of warm-up, and then for some seconds under the clock. */
  static Timing of(Runnable work, double warmUpSeconds, double seconds) {
    long start = System.nanoTime();
    do {
      work.run();
    } while (elapsed(start) < warmUpSeconds);
    double[] times = new double[MOST_RUNS];
    int count = 0;
    long allocated = allocatedBytes();
    start = System.nanoTime();
    while ((count < LEAST_RUNS || elapsed(start) < seconds) && count < MOST_RUNS) {
      long before = System.nanoTime();
      work.run();
      times[count++] = (System.nanoTime() - before) / 1e6;
    }
    allocated = allocatedBytes() - allocated;
    double[] sorted = Arrays.copyOf(times, count);
    Arrays.sort(sorted);
    return new Timing(count, sorted[count / 2], sorted[0], sorted[count - 1], allocated / count);
  }

  private static double elapsed(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  /** Bytes that this thread has allocated on the heap so far. */
  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean)
            java.lang.management.ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }
}
