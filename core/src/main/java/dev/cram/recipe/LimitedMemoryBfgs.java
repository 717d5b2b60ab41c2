package dev.cram.recipe;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * L-BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5) by gradients alone: how good a
 * point is, is judged by the slope along the way that led there. That is enough for a function that
 * is convex, and a slope stays exact where the function itself is too large a number to tell one
 * point from the next.
 */
final class LimitedMemoryBfgs implements Optimiser {
  /** How many of the latest moves are remembered. */
  private static final int MEMORY = 20;

  /** A move is taken back if it ends where it goes uphill by more than this share of the slope. */
  private static final double STEEPEST_END = 0.9;

  /** What is left of a move that is taken back is at least and at most this share of it. */
  private static final double SHORTEST = 0.05;

  private static final double LONGEST = 0.7;

  private static final int MOST_TAKEN_BACK = 8;

  /** How much longer the next move is than one along which the slope did not change. */
  private static final double FARTHER = 2;

  /**
   * No move is longer than this share of the longest parameters so far: what is seen here says
   * little there.
   */
  private static final double FARTHEST = 0.5;

  private final Deque<Move> moves = new ArrayDeque<>();
  private float[] from;
  private float[] gradientThere;
  private double[] direction;
  private double share;

  /** The squares of the longest parameters so far. */
  private double size;

  private int takenBack;

  /** A change of parameters, that of the gradient, and the inverse of their product. */
  private record Move(double[] change, double[] gradientChange, double inverseProduct) {}

  /**
   * @param learningRate how far the first step goes, as a share of the parameters' length
   */
  @Override
  public void step(float[] parameters, float[] gradient, double learningRate) {
    if (squares(gradient) == 0) {
      return;
    }
    if (from == null) {
      direction = descent(gradient);
      if (moves.isEmpty()) {
        scale(direction, learningRate * Math.sqrt(squares(parameters) / squares(gradient)));
      }
      start(parameters, gradient);
      return;
    }
    double slopeThere = product(gradientThere, direction);
    double slopeHere = product(gradient, direction);
    if (slopeHere > STEEPEST_END * -slopeThere && takenBack < MOST_TAKEN_BACK) {
      takenBack++;
      double left = slopeThere / (slopeThere - slopeHere);
      share *= Math.clamp(left, SHORTEST, LONGEST);
      go(parameters);
      return;
    }
    if (remember(parameters, gradient)) {
      direction = descent(gradient);
    } else {
      scale(direction, FARTHER * share);
    }
    start(parameters, gradient);
  }

  @Override
  public void objectiveChanged() {
    from = null;
  }

  private void start(float[] parameters, float[] gradient) {
    size = Math.max(size, squares(parameters));
    double longest = FARTHEST * Math.sqrt(size / product(direction, direction));
    if (longest < 1) {
      scale(direction, longest);
    }
    from = parameters.clone();
    gradientThere = gradient.clone();
    share = 1;
    takenBack = 0;
    go(parameters);
  }

  private void go(float[] parameters) {
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = (float) (from[i] + share * direction[i]);
    }
  }

  /** Whether the move showed a curvature. */
  private boolean remember(float[] parameters, float[] gradient) {
    double[] change = new double[parameters.length];
    double[] gradientChange = new double[parameters.length];
    double product = 0;
    for (int i = 0; i < change.length; i++) {
      change[i] = (double) parameters[i] - from[i];
      gradientChange[i] = (double) gradient[i] - gradientThere[i];
      product += change[i] * gradientChange[i];
    }
    if (product <= 0) {
      return false;
    }
    moves.addFirst(new Move(change, gradientChange, 1 / product));
    if (moves.size() > MEMORY) {
      moves.removeLast();
    }
    return true;
  }

  /** Minus the gradient, by the inverse of the curvature that the moves have shown. */
  private double[] descent(float[] gradient) {
    double[] d = new double[gradient.length];
    for (int i = 0; i < d.length; i++) {
      d[i] = -gradient[i];
    }
    if (moves.isEmpty()) {
      return d;
    }
    double[] parts = new double[moves.size()];
    int k = 0;
    for (Move move : moves) {
      parts[k] = move.inverseProduct * product(move.change, d);
      add(d, -parts[k], move.gradientChange);
      k++;
    }
    Move latest = moves.getFirst();
    double curvature =
        latest.inverseProduct * product(latest.gradientChange, latest.gradientChange);
    for (int i = 0; i < d.length; i++) {
      d[i] /= curvature;
    }
    for (Iterator<Move> oldestFirst = moves.descendingIterator(); oldestFirst.hasNext(); ) {
      Move move = oldestFirst.next();
      k--;
      add(d, parts[k] - move.inverseProduct * product(move.gradientChange, d), move.change);
    }
    return d;
  }

  private static void add(double[] to, double factor, double[] x) {
    for (int i = 0; i < to.length; i++) {
      to[i] += factor * x[i];
    }
  }

  private static void scale(double[] x, double factor) {
    for (int i = 0; i < x.length; i++) {
      x[i] *= factor;
    }
  }

  private static double squares(float[] x) {
    double sum = 0;
    for (float value : x) {
      sum += (double) value * value;
    }
    return sum;
  }

  private static double product(float[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  private static double product(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }
}
