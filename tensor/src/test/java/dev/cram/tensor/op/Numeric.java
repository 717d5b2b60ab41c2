package dev.cram.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.Matrix;
import java.util.Arrays;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/** Double-precision counterparts: conversion, central differences, comparison. */
final class Numeric {
  private static final double STEP = 1e-5;

  private Numeric() {}

  static double[] doubles(Matrix matrix) {
    return doubles(matrix.toArray());
  }

  static double[] doubles(float[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = values[i];
    }
    return result;
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /** The derivative of a function to one element of x, by central differences. */
  static double derivative(ToDoubleFunction<double[]> function, double[] x, int index) {
    double kept = x[index];
    x[index] = kept + STEP;
    double above = function.applyAsDouble(x);
    x[index] = kept - STEP;
    double below = function.applyAsDouble(x);
    x[index] = kept;
    return (above - below) / (2 * STEP);
  }

  /** Compares at most {@code samples} derivatives with a gradient, the first and last included. */
  static void assertGradient(
      double[] gradient,
      ToDoubleFunction<double[]> function,
      double[] x,
      int samples,
      double tolerance) {
    Random random = new Random(7);
    double scale = 1;
    for (double g : gradient) {
      scale = Math.max(scale, Math.abs(g));
    }
    int count = Math.min(samples, x.length);
    for (int sample = 0; sample < count; sample++) {
      int index = sample;
      if (samples < x.length) {
        index = sample == 0 ? 0 : sample == 1 ? x.length - 1 : random.nextInt(x.length);
      }
      assertThat(gradient[index])
          .as("gradient at %d", index)
          .isCloseTo(derivative(function, x, index), within(tolerance * scale));
    }
  }

  /** Compares all elements; the tolerance is relative to the largest one, at least to 1. */
  static void assertClose(double[] actual, double[] expected, double tolerance) {
    assertThat(actual).hasSameSizeAs(expected);
    double scale = 1;
    for (double e : expected) {
      scale = Math.max(scale, Math.abs(e));
    }
    for (int i = 0; i < expected.length; i++) {
      // Tens of thousands of elements: the assertion with its message only where it will fail.
      if (!(Math.abs(actual[i] - expected[i]) <= tolerance * scale)) {
        assertThat(actual[i]).as("element %d", i).isCloseTo(expected[i], within(tolerance * scale));
      }
    }
  }

  static void assertSameBits(float[] actual, float[] expected) {
    int difference = Arrays.mismatch(actual, expected);
    assertThat(difference)
        .as(() ->
            "the first difference, %s instead of %s"
                .formatted(actual[difference], expected[difference]))
        .isEqualTo(-1);
  }

  private static org.assertj.core.data.Offset<Double> within(double tolerance) {
    return org.assertj.core.data.Offset.offset(tolerance);
  }
}
