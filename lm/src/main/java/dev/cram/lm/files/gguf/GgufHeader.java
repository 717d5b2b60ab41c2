package dev.cram.lm.files.gguf;

import dev.cram.lm.InputException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The header of a GGUF file, version 2 or 3: magic, metadata and the table of tensors.
 *
 * <p>Memory is taken for what was read only, never for what a count in the file promises.
 *
 * @param metadata values by key: {@link Long} for all whole numbers (bits of an unsigned 64-bit one
 *     kept), {@link Double}, {@link Boolean}, {@link String} or {@link GgufArray}
 * @param tensors the table of tensors, in the order of the file
 * @param byteSize bytes of the header, without the padding that follows
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">the format</a>
 */
record GgufHeader(Map<String, Object> metadata, List<Entry> tensors, long byteSize) {
  private static final int MAGIC = 'G' | 'G' << 8 | 'U' << 16 | 'F' << 24;
  private static final int MAX_DIMENSIONS = 4;

  static final int UINT8 = 0;
  static final int INT8 = 1;
  static final int UINT16 = 2;
  static final int INT16 = 3;
  static final int UINT32 = 4;
  static final int INT32 = 5;
  static final int FLOAT32 = 6;
  static final int BOOL = 7;
  static final int STRING = 8;
  static final int ARRAY = 9;
  static final int UINT64 = 10;
  static final int INT64 = 11;
  static final int FLOAT64 = 12;

  /**
   * One described tensor.
   *
   * @param shape as in {@link GgufTensor}
   * @param offset where its data begins, from the beginning of all data
   * @param bytes how much data it has
   */
  record Entry(String name, GgufType type, long[] shape, long offset, long bytes) {}

  static GgufHeader parse(String file, MemorySegment bytes) {
    GgufCursor cursor = new GgufCursor(file, bytes);
    if (bytes.byteSize() < 24 || cursor.int32() != MAGIC) {
      throw new InputException(
          file
              + ": is no GGUF file; give the directory of a Hugging Face model or a GGUF file that is"
              + " whole");
    }
    int version = cursor.int32();
    if (version != 2 && version != 3) {
      boolean swapped = Integer.reverseBytes(version) >= 1 && Integer.reverseBytes(version) <= 3;
      throw new InputException(
          file
              + ": is GGUF "
              + (swapped
                  ? "for big-endian machines"
                  : "version " + Integer.toUnsignedString(version))
              + ", expected version 2 or 3, little-endian; convert the model again");
    }
    long tensorCount = cursor.count("tensors", 8 + 4 + 8 + 4 + 8);
    long metadataCount = cursor.count("metadata keys", 8 + 4 + 1);
    Map<String, Object> metadata = new LinkedHashMap<>();
    for (long i = 0; i < metadataCount; i++) {
      String key = cursor.string("a metadata key");
      if (metadata.put(key, value(cursor, key)) != null) {
        throw cursor.damaged("metadata key " + quote(key) + " occurs twice");
      }
    }
    List<Entry> tensors = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (long i = 0; i < tensorCount; i++) {
      Entry entry = tensor(cursor);
      if (!names.add(entry.name())) {
        throw cursor.damaged("tensor " + quote(entry.name()) + " is described twice");
      }
      tensors.add(entry);
    }
    return new GgufHeader(metadata, tensors, cursor.position());
  }

  private static Object value(GgufCursor cursor, String key) {
    int type = cursor.int32();
    return switch (type) {
      case UINT8 -> (long) (cursor.int8() & 0xff);
      case INT8 -> (long) cursor.int8();
      case UINT16 -> (long) (cursor.int16() & 0xffff);
      case INT16 -> (long) cursor.int16();
      case UINT32 -> Integer.toUnsignedLong(cursor.int32());
      case INT32 -> (long) cursor.int32();
      case UINT64, INT64 -> cursor.int64();
      case FLOAT32 -> (double) Float.intBitsToFloat(cursor.int32());
      case FLOAT64 -> Double.longBitsToDouble(cursor.int64());
      case BOOL -> cursor.int8() != 0;
      case STRING -> cursor.string("the value of " + key);
      case ARRAY -> array(cursor, key);
      default -> throw unknownType(cursor, key, type);
    };
  }

  private static GgufArray array(GgufCursor cursor, String key) {
    int type = cursor.int32();
    int elementBytes =
        switch (type) {
          case UINT8, INT8, BOOL -> 1;
          case UINT16, INT16 -> 2;
          case UINT32, INT32, FLOAT32 -> 4;
          case UINT64, INT64, FLOAT64 -> 8;
          // The length alone; what follows is skipped below.
          case STRING -> 8;
          case ARRAY -> throw cursor.damaged("metadata key " + quote(key) + " nests arrays");
          default -> throw unknownType(cursor, key, type);
        };
    long count = cursor.count("elements of " + key, elementBytes);
    if (count > Integer.MAX_VALUE - 8) {
      throw cursor.damaged("metadata key " + quote(key) + " has " + count + " elements");
    }
    long from = cursor.position();
    if (type == STRING) {
      for (long i = 0; i < count; i++) {
        cursor.skipString("an element of " + key);
      }
    } else {
      cursor.skip(count * elementBytes);
    }
    return new GgufArray(type, (int) count, cursor.since(from));
  }

  private static InputException unknownType(GgufCursor cursor, String key, int type) {
    return cursor.damaged(
        "metadata key " + quote(key) + " has the unknown type " + Integer.toUnsignedString(type));
  }

  private static Entry tensor(GgufCursor cursor) {
    String name = cursor.string("a tensor's name");
    String where = "tensor " + quote(name) + ": ";
    int dimensions = cursor.int32();
    if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
      throw cursor.damaged(
          where
              + "has "
              + Integer.toUnsignedString(dimensions)
              + " dimensions, expected 1 to "
              + MAX_DIMENSIONS);
    }
    long[] shape = new long[dimensions];
    for (int i = dimensions - 1; i >= 0; i--) {
      shape[i] = cursor.int64();
    }
    long number = Integer.toUnsignedLong(cursor.int32());
    GgufType type =
        GgufType.of(number)
            .orElseThrow(() ->
                new InputException(
                    cursor.file()
                        + ": "
                        + where
                        + "is "
                        + GgufType.nameOf(number)
                        + "; supported are "
                        + GgufType.supported()
                        + "; use another quantisation of the model"));
    return new Entry(name, type, shape, cursor.int64(), byteSize(cursor, where, type, shape));
  }

  private static long byteSize(GgufCursor cursor, String where, GgufType type, long[] shape) {
    long elements = 1;
    try {
      for (long size : shape) {
        if (size < 1) {
          throw cursor.damaged(where + "has shape " + Arrays.toString(shape));
        }
        elements = Math.multiplyExact(elements, size);
      }
      // Rows are decoded one at a time into an array.
      Math.toIntExact(shape[shape.length - 1]);
    } catch (ArithmeticException e) {
      throw cursor.damaged(
          where + "has shape " + Arrays.toString(shape) + ", more than can be counted");
    }
    if (shape[shape.length - 1] % type.blockElements() != 0) {
      throw cursor.damaged(
          where
              + "has rows of "
              + shape[shape.length - 1]
              + " elements, expected a multiple of "
              + type.blockElements()
              + " for "
              + type);
    }
    long blocks = elements / type.blockElements();
    if (blocks > Long.MAX_VALUE / type.blockBytes()) {
      throw cursor.damaged(
          where + "has shape " + Arrays.toString(shape) + ", more than can be counted");
    }
    return blocks * type.blockBytes();
  }

  /** A name for an error message, cut where it is longer than any real one. */
  static String quote(String text) {
    int limit = 120;
    return "'" + (text.length() <= limit ? text : text.substring(0, limit) + "...") + "'";
  }
}
