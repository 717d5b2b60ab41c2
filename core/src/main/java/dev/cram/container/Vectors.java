package dev.cram.container;

import java.util.Arrays;

/**
 * The vectors of a segment, in memory or where a file keeps them. What is in a file is read anew
 * each time, so that a book's vectors need not be in memory together.
 */
public interface Vectors {
  /** How many numbers there are: vectors times their width. */
  int size();

  /** The vectors, row-major and all finite; not to be changed. */
  float[] values();

  /**
   * The scale of each vector where they are rounded to a {@link Grid}; none where they are floats.
   */
  float[] scales();

  /**
   * Vectors in memory.
   *
   * @throws IllegalArgumentException if a number is not finite
   */
  static Vectors of(float[] values) {
    return of(values, new float[0]);
  }

  /**
   * Vectors in memory, rounded to grids.
   *
   * @param values multiples of their vector's scale
   * @throws IllegalArgumentException if a number is not finite or a scale not above 0
   */
  static Vectors of(float[] values, float[] scales) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("a vector holds " + value + ", expected finite numbers");
      }
    }
    for (float scale : scales) {
      if (!(scale > 0 && Float.isFinite(scale))) {
        throw new IllegalArgumentException("a scale of " + scale + ", expected a number above 0");
      }
    }
    return new InMemory(values, scales);
  }

  /** Vectors in memory. */
  record InMemory(float[] values, float[] scales) implements Vectors {
    @Override
    public int size() {
      return values.length;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof InMemory vectors
          && Arrays.equals(values, vectors.values)
          && Arrays.equals(scales, vectors.scales);
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(values) + Arrays.hashCode(scales);
    }
  }
}
