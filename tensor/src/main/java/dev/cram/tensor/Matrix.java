package dev.cram.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A dense float32 matrix {@code [rows, cols]} outside the Java heap, row-major without gaps.
 *
 * <p>The memory belongs to the arena it was allocated from. Rows start 64-byte aligned only where
 * {@code cols} is a multiple of 16. Instances hold no lock: threads may write disjoint rows.
 */
public final class Matrix {
  private final MemorySegment data;
  private final int rows;
  private final int cols;

  private Matrix(MemorySegment data, int rows, int cols) {
    this.data = data;
    this.rows = rows;
    this.cols = cols;
  }

  /**
   * Allocates a zeroed matrix.
   *
   * @throws IllegalArgumentException if {@code rows} or {@code cols} is negative
   */
  public static Matrix allocate(Arena arena, int rows, int cols) {
    if (rows < 0 || cols < 0) {
      throw new IllegalArgumentException("matrix of " + rows + " x " + cols);
    }
    return new Matrix(arena.allocate(4L * rows * cols, 64), rows, cols);
  }

  /** Allocates a matrix in the arena and copies {@code values}, {@code rows * cols} of them. */
  public static Matrix of(Arena arena, int rows, int cols, float... values) {
    if (values.length != (long) rows * cols) {
      throw new IllegalArgumentException(
          values.length + " values for a matrix of " + rows + " x " + cols);
    }
    Matrix matrix = allocate(arena, rows, cols);
    MemorySegment.copy(values, 0, matrix.data, ValueLayout.JAVA_FLOAT, 0, values.length);
    return matrix;
  }

  public int rows() {
    return rows;
  }

  public int cols() {
    return cols;
  }

  /** The memory of all elements, {@code 4 * rows * cols} bytes. */
  public MemorySegment data() {
    return data;
  }

  /** The byte offset of element {@code (row, 0)} in {@link #data()}. */
  public long offset(int row) {
    return 4L * row * cols;
  }

  /** The native address of element {@code (row, 0)}. */
  public long address(int row) {
    return data.address() + offset(row);
  }

  public float get(int row, int col) {
    return data.get(ValueLayout.JAVA_FLOAT, offset(row) + 4L * col);
  }

  public void set(int row, int col, float value) {
    data.set(ValueLayout.JAVA_FLOAT, offset(row) + 4L * col, value);
  }

  /** A view of rows {@code from} (inclusive) to {@code to} (exclusive) that shares the memory. */
  public Matrix slice(int from, int to) {
    return new Matrix(data.asSlice(offset(from), offset(to) - offset(from)), to - from, cols);
  }

  /** Copies all elements of {@code source}, which has the same shape. */
  public void copyFrom(Matrix source) {
    if (source.rows != rows || source.cols != cols) {
      throw new IllegalArgumentException(
          "copy of " + source.rows + " x " + source.cols + " into " + rows + " x " + cols);
    }
    MemorySegment.copy(source.data, 0, data, 0, data.byteSize());
  }

  /** Copies one row of {@code source}, which has the same number of columns. */
  public void copyRow(int row, Matrix source, int sourceRow) {
    MemorySegment.copy(source.data, source.offset(sourceRow), data, offset(row), 4L * cols);
  }

  /** Copies {@code rows * cols} values from a heap array, row-major. */
  public void copyFrom(float[] values) {
    MemorySegment.copy(values, 0, data, ValueLayout.JAVA_FLOAT, 0, rows * cols);
  }

  /** Copies all elements to a heap array of at least {@code rows * cols} values, row-major. */
  public void copyTo(float[] values) {
    MemorySegment.copy(data, ValueLayout.JAVA_FLOAT, 0, values, 0, rows * cols);
  }

  /** All elements, row-major. */
  public float[] toArray() {
    float[] values = new float[rows * cols];
    copyTo(values);
    return values;
  }

  /** Sets every element to {@code value}. */
  public void fill(float value) {
    if (value == 0f) {
      data.fill((byte) 0);
      return;
    }
    for (long at = 0; at < data.byteSize(); at += 4) {
      data.set(ValueLayout.JAVA_FLOAT, at, value);
    }
  }

  @Override
  public String toString() {
    return "Matrix[" + rows + " x " + cols + "]";
  }
}
