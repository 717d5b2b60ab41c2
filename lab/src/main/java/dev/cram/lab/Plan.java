package dev.cram.lab;

import dev.cram.lab.run.RunRequest;
import java.util.List;

/**
 * Runs of one model that can be done in any order.
 *
 * @param model its name
 * @param requests still to be done, the longest first
 * @param alreadyDone runs that the database has
 * @param tooShort texts that have fewer tokens than a length asks for, or are missing, counted once
 *     for each length
 * @param tooLong runs that the model has too few positions for
 * @param atMostSeconds how long the runs take if none ends early, from a few steps that were timed
 */
public record Plan(
    String model,
    List<RunRequest> requests,
    int alreadyDone,
    int tooShort,
    int tooLong,
    double atMostSeconds) {}
