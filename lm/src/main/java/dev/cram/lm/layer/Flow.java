package dev.cram.lm.layer;

import dev.cram.tensor.Matrix;

/**
 * Rows that flow from one layer to the next, and the gradient that flows back.
 *
 * @param value {@code [maxRows, size]}
 * @param gradient {@code [maxRows, size]}, or null in a plan without gradients
 */
public record Flow(Matrix value, Matrix gradient) {}
