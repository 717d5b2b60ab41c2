package dev.cram.container;

import java.util.List;
import java.util.zip.CRC32;

/**
 * Consecutive tokens of a run, as the vectors from which they are decoded.
 *
 * @param tokenCount tokens, 1 to {@value #MAX_TOKENS}
 * @param vectorCount vectors K, at least 1
 * @param vectors the vectors {@code [vectorCount, width]}, row-major, all finite
 * @param patches what greedy decoding misses, in the order of their positions, each position once
 * @param minMargin the smallest difference between the largest and the second-largest logit on the
 *     decoding path, over the positions without a patch; at least 0, infinite if every position has
 *     a patch
 * @param steps optimisation steps that were spent, at least 0
 * @param crc32 of the tokens, see {@link #crc32(int[])}; {@link #UNKNOWN} in files of version 1
 * @param bytes bytes of the original that end with this segment, see {@code docs/format.md}; 0
 *     where the text cannot be cut after it, {@link #UNKNOWN} in files of version 1
 */
public record Segment(
    int tokenCount,
    int vectorCount,
    Vectors vectors,
    List<Patch> patches,
    float minMargin,
    int steps,
    long crc32,
    int bytes) {

  /** More tokens than the context of any model that this format is meant for. */
  public static final int MAX_TOKENS = 1 << 20;

  /** Of a checksum or a number of bytes that was not recorded. */
  public static final int UNKNOWN = -1;

  /**
   * @throws IllegalArgumentException if a value is outside what is said above
   */
  public Segment {
    require(
        tokenCount >= 1 && tokenCount <= MAX_TOKENS,
        "a segment of " + tokenCount + " tokens, expected 1 to " + MAX_TOKENS);
    require(vectorCount >= 1, "a segment of " + vectorCount + " vectors, expected at least 1");
    require(
        vectors.size() % vectorCount == 0,
        vectors.size() + " numbers for " + vectorCount + " vectors of the same width");
    patches = List.copyOf(patches);
    int previous = -1;
    for (Patch patch : patches) {
      require(
          patch.position() < tokenCount,
          "a patch at position "
              + patch.position()
              + " is outside of its "
              + tokenCount
              + " tokens");
      require(
          patch.position() > previous,
          "a patch at position " + patch.position() + " follows one at " + previous);
      previous = patch.position();
    }
    require(minMargin >= 0, "a margin of " + minMargin + ", expected at least 0");
    require(steps >= 0, "a segment of " + steps + " steps, expected at least 0");
    require(crc32 >= UNKNOWN && crc32 <= 0xFFFF_FFFFL, "a CRC-32 of " + crc32);
    require(bytes >= UNKNOWN, "a segment of " + bytes + " bytes, expected at least 0");
  }

  /** A segment in memory, without what version 2 of the format added. */
  public Segment(
      int tokenCount,
      int vectorCount,
      float[] vectors,
      List<Patch> patches,
      float minMargin,
      int steps) {
    this(tokenCount, vectorCount, Vectors.of(vectors), patches, minMargin, steps, UNKNOWN, UNKNOWN);
  }

  /** The same segment with its bytes of the original. */
  public Segment withBytes(int bytes) {
    return new Segment(tokenCount, vectorCount, vectors, patches, minMargin, steps, crc32, bytes);
  }

  /** The same segment with its vectors elsewhere. */
  public Segment withVectors(Vectors vectors) {
    return new Segment(tokenCount, vectorCount, vectors, patches, minMargin, steps, crc32, bytes);
  }

  /** Whether these are the tokens that the segment stands for, as far as that was recorded. */
  public boolean isOf(int[] tokens) {
    return tokens.length == tokenCount && (crc32 == UNKNOWN || crc32 == crc32(tokens));
  }

  /** The CRC-32 of token ids as 32-bit little-endian numbers. */
  public static long crc32(int[] tokens) {
    CRC32 crc = new CRC32();
    for (int token : tokens) {
      for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
        crc.update(token >>> shift);
      }
    }
    return crc.getValue();
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
