package dev.cram.lab;

import dev.cram.lab.run.Run;
import dev.cram.lab.run.RunRequest;
import dev.cram.lm.CausalLm;
import java.util.List;
import java.util.function.Consumer;

/** Does runs, which are independent of each other, somewhere. */
public interface Runner extends AutoCloseable {
  /** How many runs are done at the same time, as far as is known now; at least 1. */
  int parallelRuns();

  /**
   * Does all runs, in about the order given. A run that fails is told to the listener, and the
   * others go on.
   *
   * @param lm the model of all of them, open on this machine
   * @param record called with each result as it arrives, one at a time; if it throws, the other
   *     runs are stopped
   * @throws dev.cram.lm.InputException if the runs cannot be gone on with
   */
  void run(CausalLm lm, List<RunRequest> requests, LabListener listener, Consumer<Run> record);

  /** Releases what does the runs. */
  @Override
  default void close() {}
}
