package dev.cram.lab;

import dev.cram.lab.run.RunRequest;
import java.util.List;

/**
 * Runs that can be done in any order.
 *
 * @param requests still to be done, the longest first
 * @param alreadyDone runs that the database has
 * @param tooShort texts that have fewer tokens than a length asks for, or are missing, counted once
 *     for each length
 */
public record Plan(List<RunRequest> requests, int alreadyDone, int tooShort) {}
