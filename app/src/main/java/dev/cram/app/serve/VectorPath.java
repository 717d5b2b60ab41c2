package dev.cram.app.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The way of a segment's vectors through the optimisation, in the plane that shows most of it: the
 * first two principal components of the places along the way.
 *
 * <p>Components come from the matrix of inner products of the places (the dual of their covariance
 * matrix), which is small however wide the model is, by subspace iteration from where the last call
 * ended: so the plane turns smoothly from one call to the next.
 *
 * <p>One thread at a time may use an instance.
 */
final class VectorPath {
  /** When there are more places, every other one is let go. */
  private static final int MOST = 160;

  private static final int ITERATIONS = 4;
  private static final double CHANCE = 1e-3;

  private final List<float[]> places = new ArrayList<>();
  private double[][] products = new double[MOST + 1][MOST + 1];
  private int counted;
  private long every;
  private long next;
  private double[][] basis = {};

  /**
   * @param everyNanos the least time between two places, at first
   */
  VectorPath(long everyNanos) {
    this.every = everyNanos;
  }

  /** Whether a place at this time is wanted. */
  boolean wants(long nanos) {
    return places.isEmpty() || nanos - next >= 0;
  }

  /** Adds a place; the array is kept. */
  void add(float[] vectors, long nanos) {
    if (places.size() == MOST) {
      thin();
      every *= 2;
    }
    places.add(vectors);
    next = nanos + every;
  }

  private void thin() {
    List<float[]> kept = new ArrayList<>();
    double[][] keptProducts = new double[MOST + 1][MOST + 1];
    for (int i = 0; i < places.size(); i += 2) {
      kept.add(places.get(i));
      for (int j = 0; j < counted; j += 2) {
        if (i < counted) {
          keptProducts[i / 2][j / 2] = products[i][j];
        }
      }
    }
    double[][] keptBasis = new double[basis.length][];
    for (int c = 0; c < basis.length; c++) {
      keptBasis[c] = new double[(basis[c].length + 1) / 2];
      for (int i = 0; i < basis[c].length; i += 2) {
        keptBasis[c][i / 2] = basis[c][i];
      }
    }
    basis = keptBasis;
    products = keptProducts;
    counted = (counted + 1) / 2;
    places.clear();
    places.addAll(kept);
  }

  int size() {
    return places.size();
  }

  /**
   * A path in the plane.
   *
   * @param x along the first principal component, around 0
   * @param y along the second
   * @param shares of the variance that the two components show, 0 to 1
   */
  record Plane(double[] x, double[] y, double[] shares) {}

  /** The path so far. */
  Plane plane() {
    int n = places.size();
    count();
    double[] means = new double[n];
    double mean = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        means[i] += products[i][j] / n;
      }
      mean += means[i] / n;
    }
    double[][] centred = new double[n][n];
    double trace = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        centred[i][j] = products[i][j] - means[i] - means[j] + mean;
      }
      trace += centred[i][i];
    }
    basis = start(n);
    double[] values = new double[2];
    for (int iteration = 0; iteration < ITERATIONS; iteration++) {
      for (int c = 0; c < 2; c++) {
        double[] image = times(centred, basis[c]);
        for (int earlier = 0; earlier < c; earlier++) {
          double along = dot(image, basis[earlier]);
          for (int i = 0; i < n; i++) {
            image[i] -= along * basis[earlier][i];
          }
        }
        double length = Math.sqrt(dot(image, image));
        values[c] = length;
        if (length > 1e-12 * Math.max(1e-300, trace)) {
          for (int i = 0; i < n; i++) {
            basis[c][i] = image[i] / length;
          }
        } else {
          values[c] = 0;
        }
      }
    }
    double[] shares = new double[2];
    double[][] along = new double[2][n];
    for (int c = 0; c < 2; c++) {
      shares[c] = trace > 0 ? Math.min(1, values[c] / trace) : 0;
      for (int i = 0; i < n; i++) {
        along[c][i] = basis[c][i] * Math.sqrt(values[c]);
      }
    }
    return new Plane(along[0], along[1], shares);
  }

  private void count() {
    for (int i = counted; i < places.size(); i++) {
      for (int j = 0; j <= i; j++) {
        products[i][j] = dot(places.get(i), places.get(j));
        products[j][i] = products[i][j];
      }
    }
    counted = places.size();
  }

  /**
   * The components of the last call, made longer for new places; at first random ones. A little
   * chance is always added, or a start that lies in no component at all would stay there.
   */
  private double[][] start(int n) {
    var random = new SplittableRandom(1);
    double[][] start = new double[2][n];
    for (int c = 0; c < 2; c++) {
      int known = c < basis.length ? Math.min(n, basis[c].length) : 0;
      for (int i = 0; i < n; i++) {
        double before = known == 0 ? 0 : basis[c][Math.min(i, known - 1)];
        start[c][i] = before + CHANCE * (random.nextDouble() - 0.5);
      }
      double length = Math.sqrt(dot(start[c], start[c]));
      for (int i = 0; i < n; i++) {
        start[c][i] /= length;
      }
    }
    return start;
  }

  private static double[] times(double[][] matrix, double[] vector) {
    double[] image = new double[vector.length];
    for (int i = 0; i < image.length; i++) {
      image[i] = dot(matrix[i], vector);
    }
    return image;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < b.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
