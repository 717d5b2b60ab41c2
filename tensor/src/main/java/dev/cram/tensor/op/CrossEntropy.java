package dev.cram.tensor.op;

import dev.cram.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Softmax cross-entropy of one row of logits against one target token, {@code -ln
 * softmax(logits)[target]} in nats, together with the margin by which the target wins.
 */
public final class CrossEntropy {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private CrossEntropy() {}

  /**
   * The cross-entropy of one row, in nats. The logits become {@code exp(logits - max)}, which
   * {@link #backward} continues from.
   *
   * @param logits {@code [*, vocabularySize]}, overwritten
   * @param rival the highest logit among the other tokens, from {@link #rival}
   * @param sums receives the row's sum of exponentials at {@code sums[index]}
   */
  public static float forward(
      Matrix logits, int row, int target, float rival, float[] sums, int index) {
    int size = logits.cols();
    MemorySegment data = logits.data();
    long at = logits.offset(row);
    float targetLogit = logits.get(row, target);
    float max = Math.max(targetLogit, rival);
    float sum = Exponential.shifted(data, at, size, max);
    sums[index] = sum;
    return (float) (Math.log(sum) + max - targetLogit);
  }

  /**
   * The gradient of {@code weight * crossEntropy} to the logits of one row: {@code weight *
   * (softmax - oneHot(target))}, in place of the exponentials that {@link #forward} left.
   */
  public static void backward(Matrix logits, int row, int target, float sum, float weight) {
    int size = logits.cols();
    MemorySegment data = logits.data();
    long at = logits.offset(row);
    float factor = weight / sum;
    int bound = SPECIES.loopBound(size);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      FloatVector.fromMemorySegment(SPECIES, data, at + 4L * i, ORDER)
          .mul(factor)
          .intoMemorySegment(data, at + 4L * i, ORDER);
    }
    for (int i = bound; i < size; i++) {
      logits.set(row, i, logits.get(row, i) * factor);
    }
    logits.set(row, target, logits.get(row, target) - weight);
  }

  /**
   * The highest logit of a row, leaving out one token.
   *
   * @param leftOut a token, or -1 to leave out none
   */
  public static float rival(Matrix logits, int row, int leftOut) {
    int size = logits.cols();
    MemorySegment data = logits.data();
    long at = logits.offset(row);
    float kept = 0f;
    if (leftOut >= 0) {
      kept = logits.get(row, leftOut);
      logits.set(row, leftOut, Float.NEGATIVE_INFINITY);
    }
    int bound = SPECIES.loopBound(size);
    FloatVector highest = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      highest = highest.max(FloatVector.fromMemorySegment(SPECIES, data, at + 4L * i, ORDER));
    }
    float max = highest.reduceLanes(VectorOperators.MAX);
    for (int i = bound; i < size; i++) {
      max = Math.max(max, logits.get(row, i));
    }
    if (leftOut >= 0) {
      logits.set(row, leftOut, kept);
    }
    return max;
  }

  /** The first token of a row whose logit equals {@code value}, or -1. */
  public static int find(Matrix logits, int row, float value) {
    int size = logits.cols();
    MemorySegment data = logits.data();
    long at = logits.offset(row);
    int bound = SPECIES.loopBound(size);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      VectorMask<Float> equal =
          FloatVector.fromMemorySegment(SPECIES, data, at + 4L * i, ORDER).eq(value);
      if (equal.anyTrue()) {
        return i + equal.firstTrue();
      }
    }
    for (int i = bound; i < size; i++) {
      if (logits.get(row, i) == value) {
        return i;
      }
    }
    return -1;
  }
}
