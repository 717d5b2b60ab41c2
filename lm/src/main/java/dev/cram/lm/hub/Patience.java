package dev.cram.lm.hub;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How often and how long after a failure a request is made again.
 *
 * @param attempts failures in a row after which it is given up
 * @param first the pause after the first failure; each further one is twice as long
 * @param longest what a server may ask to wait for at most
 * @param silence how long a connection may bring nothing
 */
record Patience(int attempts, Duration first, Duration longest, Duration silence) {
  static final Patience USUAL =
      new Patience(6, Duration.ofSeconds(1), Duration.ofMinutes(5), Duration.ofSeconds(30));

  boolean isOver(int failures) {
    return failures >= attempts;
  }

  /** The pause after so many failures in a row, a little different for everyone who waits. */
  Duration after(int failures) {
    long millis = first.toMillis() << Math.min(failures - 1, 5);
    return Duration.ofMillis(millis + ThreadLocalRandom.current().nextLong(millis / 4 + 1));
  }

  /**
   * Waits.
   *
   * @throws CancellationException if interrupted meanwhile
   */
  static void sleep(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted");
    }
  }
}
