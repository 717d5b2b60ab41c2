package dev.cram;

import dev.cram.container.Segment;

/** Keeps the segments that are done. Several threads may call it. */
interface Finished {
  /**
   * What was done already.
   *
   * @param firstToken where the segment starts in the text
   * @param wanted how many tokens it should have; 0 where that does not matter
   * @return null if it is yet to be done
   */
  Segment get(int firstToken, int wanted);

  /** Keeps a segment; gives back what it is to be known by from now on. */
  Segment keep(int firstToken, int wanted, Segment segment);

  /** Where a stretch that begins at this token was cut, in tokens; 0 if it is not known. */
  default int stretch(int firstToken) {
    return 0;
  }

  /** Remembers where a stretch is cut, which with a time budget depends on the time. */
  default void keepStretch(int firstToken, int tokens) {}

  /** Seconds of work that went into what was kept before this process began. */
  default double secondsBefore() {
    return 0;
  }

  /** Keeps everything where it is, in memory. */
  Finished IN_MEMORY =
      new Finished() {
        @Override
        public Segment get(int firstToken, int wanted) {
          return null;
        }

        @Override
        public Segment keep(int firstToken, int wanted, Segment segment) {
          return segment;
        }
      };
}
