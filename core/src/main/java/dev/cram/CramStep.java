package dev.cram;

import dev.cram.tensor.Matrix;

/**
 * The state of a segment after one optimisation step, measured by teacher forcing.
 *
 * @param step steps done, from 1
 * @param maxSteps where the optimisation gives up
 * @param crossEntropy mean over the active tokens of -ln p, in nats a token
 * @param accuracy share of the active tokens whose argmax is right, 0 to 1
 * @param exactPrefix tokens before the first wrong one
 * @param minMargin smallest gap over the active tokens between the right token's logit and the best
 *     other one, in logits; negative where a token is wrong
 * @param activeTokens leading tokens of the segment that are in the objective; a recipe that grows
 *     its prefix starts with few
 * @param correct [activeTokens or more] whether the argmax is right; reused by the next step, so
 *     copy what you keep
 * @param margins [activeTokens or more] the gap of each token, in logits; reused likewise
 * @param vectors {@code [K, embeddingSize]} that all this was measured with; changed by the next
 *     step, and to be read only while and where the step is heard of
 */
public record CramStep(
    int step,
    int maxSteps,
    double crossEntropy,
    double accuracy,
    int exactPrefix,
    float minMargin,
    int activeTokens,
    boolean[] correct,
    float[] margins,
    Matrix vectors) {}
