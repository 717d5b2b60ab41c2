package dev.cram;

/**
 * How much text a segment should have, as far as the segments so far have shown.
 *
 * <p>Text is counted in nats, since it is nats that fill a vector: of texts of 32 tokens, the first
 * cram-tiny's vectors held all that have less than 165 nats and none that has more than 212; the
 * cram-trained's hold nearly all below some 450 (docs/trained-reader.md).
 *
 * <p>A longer segment needs fewer vectors for its tokens, but more steps, and each step costs more:
 * the last tokens that a vector holds are by far the dearest. So the segments grow while they
 * become exact quickly or cheaply (some models take their time with any text), and shrink when one
 * takes long, or when it costs {@value #DEAR} times as much a nat as the shorter segments that paid
 * best. What pays is seen in several segments together: the steps of single ones differ tenfold
 * with some models, and the luckiest is no measure. A segment that does not become exact shows how
 * much its vectors hold; as that differs from text to text, the estimate goes half the way there.
 *
 * @param nats what a segment should have
 * @param natsOfToken how many a token of this text has, fading with time
 * @param lately what the latest segments had and cost
 * @param bestPace the most nats for the cost of one that some segments together gave, fading with
 *     time; 0 at first
 * @param bestNats that those segments should have had, in the mean
 */
record Capacity(double nats, double natsOfToken, Lately lately, double bestPace, double bestNats) {
  /**
   * Where the estimate starts, in nats a component of a vector: what the worst of the models of
   * Kuratov et al. that have read this much was found to hold (Pythia-2.8B: 740 nats in 2,560).
   */
  private static final double FIRST_NATS_OF_COMPONENT = 0.29;

  /**
   * The same where a model's logits are steep in a vector: more than its vectors hold, so that it
   * is their tokens that limit a segment.
   */
  private static final double NATS_OF_STEEP_COMPONENT = 6;

  /** Of a token, before any was seen. */
  private static final double FIRST_NATS_OF_TOKEN = 5.5;

  /** No segment should have less. */
  private static final double LEAST = 1;

  /** A segment is quick if it took less than this share of the steps that it was allowed. */
  private static final double QUICK = 0.15;

  /** It is very quick if it took less than this share. */
  private static final double VERY_QUICK = 0.08;

  /** A segment took long if it took more than this share of them. */
  private static final double LONG = 0.67;

  /** From this share of the estimate on, a segment was as long as it should have been. */
  private static final double FULL = 0.75;

  private static final double DEAR = 3;

  /** It was cheap if a nat cost at most this many times as much as in those that paid best. */
  private static final double CHEAP = 2.5;

  private static final double GROWTH_IF_QUICK = 1.08;
  private static final double GROWTH_IF_VERY_QUICK = 1.3;
  private static final double SHRINKAGE = 0.9;

  /** The text may change, so that a pace of long ago says little. */
  private static final double FADING = 0.9995;

  /** What the latest segments had and cost fades over about so many. */
  private static final double MEMORY_SEGMENTS = 16;

  /** Fewer segments than these say little of a pace. */
  private static final double ENOUGH_SEGMENTS = 4;

  /** What a step costs whatever its length, in nats. */
  private static final double STEP_OVERHEAD = 44;

  /** Fewer steps than these are luck, and say nothing about the next segment. */
  private static final int LEAST_STEPS = 30;

  /** What a segment adds to the mean of nats a token. */
  private static final double NEWS = 0.2;

  /**
   * The latest segments, older ones counting less.
   *
   * @param wanted nats that they should have had
   * @param held nats that they had
   * @param cost of their steps, in nats of text that they were taken over
   * @param segments how many they are
   */
  record Lately(double wanted, double held, double cost, double segments) {
    private static final Lately NOTHING = new Lately(0, 0, 0, 0);

    private Lately and(double wantedNats, double heldNats, double itsCost) {
      double fading = 1 - 1 / MEMORY_SEGMENTS;
      return new Lately(
          wanted * fading + wantedNats,
          held * fading + heldNats,
          cost * fading + itsCost,
          segments * fading + 1);
    }

    private double pace() {
      return held / cost;
    }
  }

  /**
   * Of the first segment of a text.
   *
   * @param components of all vectors of a segment
   * @param steep whether the model's logits are steep in a vector
   */
  static Capacity first(int components, boolean steep) {
    double ofComponent = steep ? NATS_OF_STEEP_COMPONENT : FIRST_NATS_OF_COMPONENT;
    return of(ofComponent * components, FIRST_NATS_OF_TOKEN);
  }

  /** Of which nothing is known but how much a segment should have. */
  static Capacity of(double nats, double natsOfToken) {
    return new Capacity(nats, natsOfToken, Lately.NOTHING, 0, 0);
  }

  /** About how many tokens that is, from 1 to {@code most}. */
  int tokens(int most) {
    return Math.clamp((long) (nats / natsOfToken), 1, most);
  }

  /**
   * Learns from a segment.
   *
   * @param wanted nats that it should have had
   * @param held nats that it has
   * @param tokens that it has
   * @param steps optimisation steps that were spent
   * @param maxSteps steps that it was allowed
   */
  Capacity after(double wanted, double held, int tokens, int steps, int maxSteps) {
    double cost = Math.max(LEAST_STEPS, steps) * (wanted + STEP_OVERHEAD);
    double pace = held / cost;
    Lately now = lately.and(wanted, held, cost);
    boolean saysSomething = now.segments >= ENOUGH_SEGMENTS || bestPace == 0;
    boolean isBest = saysSomething && now.pace() >= bestPace * FADING;
    double best = isBest ? now.pace() : bestPace * FADING;
    double bestSoFar = isBest ? now.wanted / now.segments : bestNats;
    double next = nats;
    if (held < wanted) {
      next = Math.min(nats, (held + wanted) / 2);
    } else if ((wanted > bestSoFar && pace * DEAR < best) || steps > LONG * maxSteps) {
      next = Math.min(nats, wanted * SHRINKAGE);
    } else if (wanted >= FULL * nats && (steps < QUICK * maxSteps || pace * CHEAP >= best)) {
      next = nats * (steps < VERY_QUICK * maxSteps ? GROWTH_IF_VERY_QUICK : GROWTH_IF_QUICK);
    }
    double ofToken = natsOfToken + NEWS * (held / tokens - natsOfToken);
    return new Capacity(Math.max(LEAST, next), ofToken, now, best, bestSoFar);
  }
}
