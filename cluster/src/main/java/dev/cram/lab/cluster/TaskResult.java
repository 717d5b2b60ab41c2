package dev.cram.lab.cluster;

import dev.cram.lab.run.Run;
import dev.cram.lab.run.RunRequest;
import java.io.Serializable;

/**
 * What came of a run on an executor.
 *
 * @param request what was to be done
 * @param run the result; null if there is none
 * @param failure why there is none; null if there is one
 */
record TaskResult(RunRequest request, Run run, String failure) implements Serializable {}
