package dev.cram.lm.files;

import dev.cram.tensor.Matrix;

/**
 * A weight {@code [rows, cols]} of which single rows are wanted now and then. Each is decoded when
 * it is asked for: all of them, as float32, can be a quarter of a model.
 */
public final class WeightRows {
  private final String name;
  private final StoredWeight weight;

  WeightRows(String name, StoredWeight weight) {
    this.name = name;
    this.weight = weight;
  }

  public int rows() {
    return Math.toIntExact(weight.shape()[0]);
  }

  public int cols() {
    return Math.toIntExact(weight.shape()[1]);
  }

  /**
   * Decodes a row into a row of {@code target}, {@code [*, cols]}.
   *
   * @throws dev.cram.lm.InputException if the row holds an element that is infinite or not a number
   */
  public void copyRow(int row, Matrix target, int targetRow) {
    var slice = target.data().asSlice(target.offset(targetRow), 4L * cols());
    long bad = weight.decodeRow(row, slice);
    if (bad >= 0) {
      throw Weights.notFinite(name, weight, slice, bad, (long) row * cols() + bad);
    }
  }
}
