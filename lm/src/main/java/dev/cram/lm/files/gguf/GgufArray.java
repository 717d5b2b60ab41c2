package dev.cram.lm.files.gguf;

import java.lang.foreign.MemorySegment;

/**
 * An array in the metadata, left where it is in the file until somebody wants its elements.
 *
 * @param elementType the type number of its elements
 * @param count how many there are
 * @param data their bytes, checked to hold {@code count} elements
 */
record GgufArray(int elementType, int count, MemorySegment data) {
  @Override
  public String toString() {
    return "an array of " + count;
  }
}
