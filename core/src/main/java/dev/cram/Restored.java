package dev.cram;

import dev.cram.container.Segment;
import java.util.List;

/**
 * What decompression gave back.
 *
 * @param bytes that were written
 * @param lost parts of the text that did not decode to what they were, in order
 * @param isOriginal whether what was asked for came back as it was, as far as checksums tell
 */
public record Restored(long bytes, List<Lost> lost, boolean isOriginal) {
  /**
   * A part of the text that did not come back.
   *
   * @param firstSegment of the file, from 0
   * @param segments how many
   * @param from where its text begins in the original, in bytes
   * @param bytes of the original that are missing; {@link Segment#UNKNOWN} in files of version 1
   */
  public record Lost(int firstSegment, int segments, long from, int bytes) {
    /** The segments and bytes, in words. */
    @Override
    public String toString() {
      return (segments == 1
              ? "segment " + firstSegment
              : "segments " + firstSegment + " to " + (firstSegment + segments - 1))
          + (bytes == Segment.UNKNOWN ? "" : " (bytes " + from + " to " + (from + bytes) + ")");
    }

    /** What is written in the place of the text. */
    String remark() {
      return bytes == Segment.UNKNOWN
          ? "[... text lost ...]"
          : "[... " + bytes + " bytes lost ...]";
    }
  }
}
