package dev.cram.app.serve;

import dev.cram.container.Grid;
import dev.cram.container.Segment;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * How vectors are moved before they are decoded: swapped, mixed, disturbed and rounded, in this
 * order.
 *
 * @param a the specimen that is moved
 * @param b the one that it is mixed with or gets vectors from; null if none
 * @param noise standard deviation of what is added, as a share of the vector's root mean square
 * @param seed of the noise
 * @param bits that each number is rounded to, 2 to 8, or 16; 32 to leave it as it is
 * @param mix how far towards the vectors of {@code b}, 0 to 1
 * @param swap which vector is replaced; none at all if empty
 */
record Move(
    String a, String b, double noise, long seed, int bits, double mix, Optional<Swap> swap) {

  /**
   * An exchange of one vector.
   *
   * @param segment of {@code a}, from 0
   * @param vector of that segment, from 0
   * @param fromSegment of {@code b}
   * @param fromVector of that segment
   */
  record Swap(int segment, int vector, int fromSegment, int fromVector) {}

  /**
   * @throws Refusal if a number is out of its range
   */
  Move {
    require(noise >= 0 && noise <= 10, "the noise must be 0 to 10");
    require(
        Grid.supports(bits) || bits >= 2 && bits <= 8,
        "numbers can be rounded to 2 to 8 bits, or 16");
    require(mix >= 0 && mix <= 1, "the mix must be 0 to 1");
    require(b != null || mix == 0 && swap.isEmpty(), "a second text is needed for that");
  }

  /** The segment that one is mixed with: the same of the other file, or none. */
  static Segment partner(List<Segment> segments, int segment) {
    return segment < segments.size() ? segments.get(segment) : null;
  }

  /**
   * The moved vectors of a segment {@code [K, width]}.
   *
   * @param other what it is mixed with; null if nothing
   * @param others all segments of {@code b}; null if there is none
   * @param number of the segment, from 0
   * @throws Refusal if the two do not fit together
   */
  float[] apply(Segment segment, Segment other, List<Segment> others, int number) {
    float[] vectors = segment.vectors().values().clone();
    int width = vectors.length / segment.vectorCount();
    if (swap.isPresent() && swap.get().segment() == number) {
      exchange(vectors, width, segment.vectorCount(), others, swap.get());
    }
    if (mix > 0 && other != null) {
      require(
          other.vectors().size() == vectors.length,
          "two texts can be mixed where they have equally many vectors of the same width");
      float[] toward = other.vectors().values();
      for (int i = 0; i < vectors.length; i++) {
        vectors[i] = (float) ((1 - mix) * vectors[i] + mix * toward[i]);
      }
    }
    var random = new SplittableRandom(seed + number);
    for (int k = 0; k < segment.vectorCount(); k++) {
      disturb(vectors, k * width, width, random);
      round(vectors, k * width, width);
    }
    return vectors;
  }

  private static void exchange(
      float[] vectors, int width, int count, List<Segment> others, Swap swap) {
    require(
        swap.vector() >= 0
            && swap.vector() < count
            && swap.fromSegment() >= 0
            && swap.fromSegment() < others.size(),
        "there is no such vector");
    Segment from = others.get(swap.fromSegment());
    require(
        swap.fromVector() >= 0
            && swap.fromVector() < from.vectorCount()
            && from.vectors().size() / from.vectorCount() == width,
        "there is no such vector of the same width");
    System.arraycopy(
        from.vectors().values(), swap.fromVector() * width, vectors, swap.vector() * width, width);
  }

  private void disturb(float[] vectors, int from, int width, SplittableRandom random) {
    double squares = 0;
    for (int i = from; i < from + width; i++) {
      squares += (double) vectors[i] * vectors[i];
    }
    double deviation = noise * Math.sqrt(squares / width);
    for (int i = from; i < from + width && noise > 0; i++) {
      vectors[i] += (float) (random.nextGaussian() * deviation);
    }
  }

  /** Rounds a vector as a file of so many bits holds it. */
  private void round(float[] vectors, int from, int width) {
    if (bits == Grid.FLOAT_BITS) {
      return;
    }
    float scale = Grid.scale(vectors, from, width, bits);
    for (int i = from; i < from + width; i++) {
      vectors[i] = Grid.value(Grid.code(vectors[i], scale, bits), scale, bits);
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new Refusal(Refusal.BAD_REQUEST, otherwise);
    }
  }
}
