package dev.cram.lm.files.gguf;

import dev.cram.lm.files.StoredWeight;
import dev.cram.tensor.Workers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A tensor of a GGUF file as Hugging Face has it: dequantised, and what the conversion to GGUF did
 * to it undone.
 */
final class GgufWeight implements StoredWeight {
  /** What the conversion did to a tensor. */
  enum Change {
    NONE,
    /** One was added to every element, as the formula of Gemma's norms says. */
    PLUS_ONE,
    /** Input features became the rows' elements: Hugging Face's GPT-2 has them as rows. */
    TRANSPOSED
  }

  /** Elements that one part of the work decodes. */
  private static final int PART = 1 << 18;

  private static final int MAGNITUDE = 0x7fff_ffff;
  private static final int INFINITY = 0x7f80_0000;

  private final String file;
  private final GgufTensor tensor;
  private final Change change;
  private final int pairedRows;

  /**
   * @param pairedRows rows of one head if the conversion put the two rows of each rotated pair next
   *     to each other, as it does for queries and keys of llama; 1 if it did not
   */
  GgufWeight(String file, GgufTensor tensor, Change change, int pairedRows) {
    this.file = file;
    this.tensor = tensor;
    this.change = change;
    this.pairedRows = pairedRows;
  }

  @Override
  public String file() {
    return file;
  }

  @Override
  public Tensor tensor() {
    return new Tensor(tensor.name(), tensor.type().name(), tensor.shape(), tensor.data());
  }

  @Override
  public long[] shape() {
    long[] shape = tensor.shape().clone();
    if (change == Change.TRANSPOSED) {
      shape[0] = tensor.shape()[1];
      shape[1] = tensor.shape()[0];
    }
    return shape;
  }

  @Override
  public long decode(MemorySegment target, Workers workers) {
    // The elements of a vector of features are permuted as the rows of its matrix are.
    boolean featureRows = pairedRows > 1 && tensor.shape().length == 1;
    int cols = featureRows ? 1 : tensor.cols();
    long rows = featureRows ? tensor.cols() : tensor.rows();
    long rowsOfPart = Math.max(1, PART / cols);
    AtomicLong bad = new AtomicLong(Long.MAX_VALUE);
    Workers.Task task =
        (part, worker) -> {
          long from = part * rowsOfPart;
          decodeRows(target, from, Math.min(rows, from + rowsOfPart), rows, cols, bad);
        };
    int parts = Math.toIntExact(Math.ceilDiv(rows, rowsOfPart));
    if (workers == null) {
      for (int part = 0; part < parts; part++) {
        task.run(part, 0);
      }
    } else {
      workers.run(task, parts);
    }
    tensor().unload();
    return bad.get() == Long.MAX_VALUE ? -1 : bad.get();
  }

  @Override
  public long decodeRow(int row, MemorySegment target) {
    if (change == Change.TRANSPOSED) {
      throw new UnsupportedOperationException("a row of the transposed " + tensor.name());
    }
    int cols = tensor.cols();
    float[] values = new float[cols];
    readRow(row, new byte[rowBytes(cols)], values);
    MemorySegment.copy(values, 0, target, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, cols);
    return firstNotFinite(values);
  }

  private void decodeRows(
      MemorySegment target, long from, long to, long rows, int cols, AtomicLong bad) {
    byte[] bytes = new byte[rowBytes(cols)];
    float[] values = new float[cols];
    for (long row = from; row < to; row++) {
      readRow(row, bytes, values);
      int notFinite = firstNotFinite(values);
      if (change == Change.TRANSPOSED) {
        for (int col = 0; col < cols; col++) {
          target.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * (col * rows + row), values[col]);
        }
        if (notFinite >= 0) {
          bad.accumulateAndGet(notFinite * rows + row, Math::min);
        }
      } else {
        MemorySegment.copy(
            values, 0, target, ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * row * cols, cols);
        if (notFinite >= 0) {
          bad.accumulateAndGet(row * cols + notFinite, Math::min);
        }
      }
    }
  }

  private int rowBytes(int cols) {
    return cols / tensor.type().blockElements() * tensor.type().blockBytes();
  }

  private void readRow(long row, byte[] bytes, float[] values) {
    MemorySegment.copy(
        tensor.data(),
        ValueLayout.JAVA_BYTE,
        storedRow(row) * bytes.length,
        bytes,
        0,
        bytes.length);
    Dequantiser.decode(tensor.type(), bytes, values, values.length);
    if (change == Change.PLUS_ONE) {
      minusOne(values);
    }
  }

  /**
   * Where the file has a row: element {@code half * (n / 2) + i} of a head of n rows stands at
   * {@code 2 * i + half} there.
   */
  private long storedRow(long row) {
    if (pairedRows == 1) {
      return row;
    }
    long inHead = row % pairedRows;
    long half = pairedRows / 2;
    return row - inHead + 2 * (inHead % half) + inHead / half;
  }

  private static void minusOne(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] -= 1;
    }
  }

  private static int firstNotFinite(float[] values) {
    int largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Float.floatToRawIntBits(value) & MAGNITUDE);
    }
    // The magnitudes of finite floats are below that of infinity also when compared as integers.
    if (largest < INFINITY) {
      return -1;
    }
    int i = 0;
    while (Float.isFinite(values[i])) {
      i++;
    }
    return i;
  }
}
