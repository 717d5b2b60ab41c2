package dev.cram.tensor.op;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The sum of a vector's lanes, always added in the same order.
 *
 * <p>{@code reduceLanes(ADD)} leaves the order open, and its last bits do change when the
 * just-in-time compiler takes over; then two runs with the same seed would part ways. Here each
 * half is added to the other until one lane's worth is left.
 */
final class LaneSum {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final VectorShuffle<Float> ACROSS_8 = across(8);
  private static final VectorShuffle<Float> ACROSS_4 = across(4);
  private static final VectorShuffle<Float> ACROSS_2 = across(2);
  private static final VectorShuffle<Float> ACROSS_1 = across(1);

  private LaneSum() {}

  static float of(FloatVector v) {
    FloatVector sums = v;
    for (int distance = LANES / 2; distance > 8; distance /= 2) {
      sums = sums.add(sums.rearrange(across(distance)));
    }
    if (LANES > 8) {
      sums = sums.add(sums.rearrange(ACROSS_8));
    }
    if (LANES > 4) {
      sums = sums.add(sums.rearrange(ACROSS_4));
    }
    if (LANES > 2) {
      sums = sums.add(sums.rearrange(ACROSS_2));
    }
    if (LANES > 1) {
      sums = sums.add(sums.rearrange(ACROSS_1));
    }
    return sums.lane(0);
  }

  /** Brings to each lane the one at this distance, a power of two below the number of lanes. */
  private static VectorShuffle<Float> across(int distance) {
    return VectorShuffle.fromOp(SPECIES, lane -> (lane ^ distance) % LANES);
  }
}
