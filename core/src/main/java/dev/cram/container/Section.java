package dev.cram.container;

import java.util.List;

/** A stretch of the original file, in the order of the file. */
public sealed interface Section {

  /**
   * Bytes that are stored as they are.
   *
   * @param bytes at least one byte
   */
  record Raw(byte[] bytes) implements Section {
    public Raw {
      if (bytes.length == 0) {
        throw new IllegalArgumentException("a raw section without bytes");
      }
    }
  }

  /**
   * A text in segments. The tokens of all its segments are concatenated, then decoded together: a
   * segment may end inside a UTF-8 character.
   *
   * @param segments at least one segment
   */
  record Run(List<Segment> segments) implements Section {
    public Run {
      segments = List.copyOf(segments);
      if (segments.isEmpty()) {
        throw new IllegalArgumentException("a run without segments");
      }
    }
  }
}
