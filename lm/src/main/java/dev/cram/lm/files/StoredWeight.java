package dev.cram.lm.files;

import dev.cram.tensor.Workers;
import java.lang.foreign.MemorySegment;

/** A weight in a model file, which may be quantised or in another order than architectures want. */
public interface StoredWeight {
  /** What errors call the file. */
  String file();

  /**
   * The tensor as the file has it; what it holds identifies the weight.
   *
   * @param name its name in the file
   * @param type the format of its elements, such as {@code BF16} or {@code Q4_K}
   * @param shape its dimensions, the one whose elements stand next to each other last
   * @param data its bytes; they live as long as the file is open
   */
  record Tensor(String name, String type, long[] shape, MemorySegment data) {
    /**
     * Lets go of the pages of a mapped file, which have been read: they stay in the file cache, and
     * held here too they would count as this process's memory.
     */
    public void unload() {
      if (data.isMapped()) {
        data.unload();
      }
    }
  }

  /** The tensor as the file has it. */
  Tensor tensor();

  /** The dimensions of what {@link #decode} gives, as Hugging Face has them. */
  long[] shape();

  /**
   * Decodes all elements, row-major, in their native byte order.
   *
   * @param target 4 bytes for each element
   * @param workers share the work; null for the calling thread alone
   * @return the index of the first element that is infinite or not a number, or -1; behind such an
   *     element, {@code target} is undefined
   * @throws dev.cram.lm.InputException if the format is none that can be decoded
   */
  long decode(MemorySegment target, Workers workers);

  /**
   * Decodes one row of a matrix.
   *
   * @param target 4 bytes for each element of the row
   * @return the index within the row of the first element that is infinite or not a number, or -1;
   *     behind such an element, {@code target} is undefined
   * @throws dev.cram.lm.InputException if the format is none that can be decoded
   */
  long decodeRow(int row, MemorySegment target);
}
