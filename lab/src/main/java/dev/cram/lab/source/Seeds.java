package dev.cram.lab.source;

import java.util.SplittableRandom;

/** One seed out of several numbers. */
final class Seeds {
  private Seeds() {}

  /** A seed that no simple relation ties to those of other samples. */
  static long of(long seed, int sample) {
    return new SplittableRandom(new SplittableRandom(seed).nextLong() + sample).nextLong();
  }
}
