package dev.cram.lab;

import dev.cram.lm.InputException;

/**
 * Which texts an experiment takes from a source.
 *
 * @param source a {@link dev.cram.lab.source.TextSource#open specification}
 * @param samples number of texts
 * @param lengths how long they are
 */
public record Sampling(String source, int samples, Lengths lengths) {
  /** How long the texts of a source are. */
  public enum Lengths {
    /** Each text is run at the lengths of the experiment. */
    GRID,
    /**
     * Each text has one length of its own, drawn uniformly from 2 to the experiment's longest; so
     * Kuratov et al. 2025 sample random words.
     */
    UNIFORM
  }

  /**
   * @throws InputException if there is no sample
   */
  public Sampling {
    if (samples < 1) {
      throw new InputException("samples: " + samples + " is given, expected at least 1");
    }
  }
}
