package dev.cram.lab.run;

/**
 * What vectors on the straight line between those of two runs of one text hold. The points are
 * evenly spaced, the first and the last are the runs' own vectors.
 *
 * @param from {@link RunKey#id} of the run that it begins at
 * @param to of the run that it ends at
 * @param accuracies share of the predicted tokens that are right at each point, 0 to 1
 * @param crossEntropies mean over the predicted tokens at each point, in nats
 */
public record Line(String from, String to, float[] accuracies, float[] crossEntropies) {}
