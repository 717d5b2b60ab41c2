package dev.cram.lm.hub;

import java.nio.file.Path;

/** Hears how a download goes; may be called from several threads. */
public interface PullListener {
  /** Hears nothing. */
  PullListener SILENT = new PullListener() {};

  /**
   * The small files of a model are there, its weights are not yet.
   *
   * @param snapshot the folder with its config.json
   * @throws dev.cram.lm.InputException if the model is not wanted after all
   */
  default void described(Path snapshot) {}

  /** Further files of so many bytes are to be had, partly present perhaps. */
  default void planned(int files, long bytes) {}

  /** So many bytes of what was planned were there already. */
  default void found(long bytes) {}

  /** So many bytes of what was planned have arrived. */
  default void received(long bytes) {}

  /** So many bytes that were counted before have to be had again. */
  default void lost(long bytes) {}

  /** Nothing arrives for a while, and why. */
  default void waiting(String reason) {}
}
