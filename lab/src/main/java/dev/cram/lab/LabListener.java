package dev.cram.lab;

import dev.cram.CramStep;
import dev.cram.lab.run.Run;
import dev.cram.lab.run.RunKey;
import dev.cram.lab.run.RunRequest;
import dev.cram.lm.InputException;

/**
 * Hears how an experiment goes. Calls may come from several threads, but one at a time; each must
 * return fast.
 */
public interface LabListener {
  /** Hears nothing. */
  LabListener SILENT = new LabListener() {};

  /**
   * More runs are known.
   *
   * @param plan what is to be done for one model, or more of it
   */
  default void planned(Plan plan) {}

  /**
   * A run takes a step. Not called for runs on other machines.
   *
   * @param step valid during the call
   */
  default void stepped(RunRequest run, CramStep step) {}

  /** A run is done and recorded. */
  default void finished(Run run) {}

  /**
   * A line between the vectors of two runs is measured.
   *
   * @param done lines so far, those that were in the database included
   */
  default void interpolated(int done, int total) {}

  /** A run ended without a result; the others go on. */
  default void failed(RunKey run, InputException reason) {}
}
