package dev.cram.lm.files.gguf;

import java.lang.foreign.MemorySegment;

/**
 * A tensor of a GGUF file.
 *
 * @param name its name
 * @param type the format of its rows
 * @param shape its dimensions, that of a row's elements last: the reverse of the file's order
 * @param data its bytes, row by row
 */
record GgufTensor(String name, GgufType type, long[] shape, MemorySegment data) {
  /** Elements of a row; 1 for a scalar. */
  int cols() {
    return Math.toIntExact(shape[shape.length - 1]);
  }

  long rows() {
    long rows = 1;
    for (int i = 0; i < shape.length - 1; i++) {
      rows *= shape[i];
    }
    return rows;
  }
}
