package dev.cram;

import java.util.function.LongSupplier;

/**
 * How much text segments should have, in nats, so that a text takes about a given time: longer
 * ones, and so fewer vectors, where there is time, shorter ones where there is not.
 *
 * <p>After each segment the time that is left for each token that is left is compared with what
 * tokens have cost lately, and the length is moved by a small power of the ratio, though not below
 * the length whose tokens are cheapest, nor for lack of time below what is worth a vector. Several
 * threads may call it.
 */
final class Budget {
  /** The length follows the ratio of allowed to actual cost by this power. */
  private static final double FOLLOWING = 0.12;

  /** The most that one segment changes the length by. */
  private static final double LONGER = 1.1;

  private static final double SHORTER = 0.8;

  /** What tokens have cost lately fades over about so many segments. */
  private static final double MEMORY_SEGMENTS = 6;

  /** The share of the time left that a stretch may take, so that the end is met. */
  private static final double SHARE_OF_STRETCH = 0.05;

  /** Lengths whose ratio is below this are not told apart in what their tokens cost. */
  private static final double NEXT_LENGTH = 1.25;

  private static final int LENGTHS = 64;

  /**
   * Text of fewer nats a vector, some eight tokens of a novel, is better kept as it is, and the
   * time spent on the rest.
   */
  private static final double LEAST_NATS = 45;

  private final LongSupplier nanoTime;
  private final long started;
  private final double seconds;
  private final int lanes;
  private final double leastNats;
  private double tokensLeft;

  /** Of the next segment, in nats. */
  private double length;

  private double natsOfToken;

  /** What tokens have cost lately, and in segments of each length; null where there were none. */
  private final Cost lately = new Cost();

  private final Cost[] ofLength = new Cost[LENGTHS];

  /** Seconds of one lane, and the tokens that they gave, fading. */
  private static final class Cost {
    private double seconds;
    private double tokens;
    private double nats;

    void add(double spent, int heldTokens, double heldNats) {
      double fading = 1 - 1 / MEMORY_SEGMENTS;
      seconds = seconds * fading + spent;
      tokens = tokens * fading + heldTokens;
      nats = nats * fading + heldNats;
    }

    double natsOfToken() {
      return nats / tokens;
    }

    double ofToken() {
      return seconds / tokens;
    }
  }

  /**
   * @param seconds that are left
   * @param tokens of the whole text
   * @param lanes how many segments are under way at once
   * @param vectors of a segment
   * @param first what is supposed of the first segments
   */
  Budget(double seconds, int tokens, int lanes, int vectors, Capacity first) {
    this(seconds, tokens, lanes, vectors, first, System::nanoTime);
  }

  Budget(
      double seconds, int tokens, int lanes, int vectors, Capacity first, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.started = nanoTime.getAsLong();
    this.seconds = seconds;
    this.tokensLeft = tokens;
    this.lanes = lanes;
    this.leastNats = LEAST_NATS * vectors;
    this.length = first.nats();
    this.natsOfToken = first.natsOfToken();
  }

  /** What segments should have now. */
  synchronized Capacity capacity() {
    return Capacity.of(length, natsOfToken);
  }

  /** Whether no stretch should begin any more. */
  synchronized boolean isOver() {
    return secondsLeft() <= 0;
  }

  private double secondsLeft() {
    return seconds - (nanoTime.getAsLong() - started) / 1e9;
  }

  /**
   * Learns from a segment that needs no time, since it was done before.
   *
   * @param heldTokens tokens that it has
   * @param held nats that it has
   */
  synchronized void wasThere(int heldTokens, double held) {
    tokensLeft -= heldTokens;
    // The length at which the earlier process had arrived, single short segments aside.
    length = Math.max(Math.min(length, leastNats), (length + held) / 2);
  }

  /**
   * Learns from a segment.
   *
   * @param spent seconds of one lane
   * @param wanted nats that it should have had
   * @param held nats that it has
   * @param heldTokens tokens that it has
   */
  synchronized void spent(double spent, double wanted, double held, int heldTokens) {
    tokensLeft -= heldTokens;
    lately.add(spent, heldTokens, held);
    natsOfToken = lately.natsOfToken();
    int index = index(wanted);
    if (ofLength[index] == null) {
      ofLength[index] = new Cost();
    }
    ofLength[index].add(spent, heldTokens, held);
    double allowed = Math.max(0, secondsLeft()) * lanes / Math.max(1, tokensLeft);
    double change = Math.clamp(Math.pow(allowed / lately.ofToken(), FOLLOWING), SHORTER, LONGER);
    length = Math.max(1, next(change, wanted, held));
  }

  private double next(double change, double wanted, double held) {
    if (held < wanted) {
      return Math.min(length * Math.min(1, change), (held + wanted) / 2);
    }
    if (change >= 1) {
      return length * change;
    }
    return longerIsCheaper()
        ? length * LONGER
        : Math.max(length * change, Math.min(length, leastNats));
  }

  /** Tokens of very short segments are dear again, since each segment costs some steps. */
  private boolean longerIsCheaper() {
    int now = index(length);
    double least = Double.POSITIVE_INFINITY;
    int cheapest = now;
    for (int i = 0; i < LENGTHS; i++) {
      if (ofLength[i] != null && ofLength[i].ofToken() < least) {
        least = ofLength[i].ofToken();
        cheapest = i;
      }
    }
    return cheapest > now;
  }

  private static int index(double length) {
    return Math.min(
        LENGTHS - 1, (int) Math.round(Math.log(Math.max(1, length)) / Math.log(NEXT_LENGTH)));
  }

  /** How many segments a stretch should have, 1 to {@code most}. */
  synchronized int segments(int most) {
    if (lately.tokens == 0) {
      return 1;
    }
    double ofSegment = lately.ofToken() * length / natsOfToken;
    return Math.clamp((long) (SHARE_OF_STRETCH * secondsLeft() / ofSegment), 1, most);
  }
}
