package dev.cram.lm.files.gguf;

import dev.cram.lm.InputException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The metadata of a GGUF file. Every getter throws {@link InputException}, naming the file, the
 * key, what it found and what it expected, if the value has another type or is out of range.
 */
final class GgufMetadata {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String file;
  private final Map<String, Object> values;

  GgufMetadata(String file, Map<String, Object> values) {
    this.file = file;
    this.values = values;
  }

  /** What errors call the file. */
  String file() {
    return file;
  }

  /** The number of elements of an array, or 0 where there is none. */
  int count(String key) {
    return values.get(key) instanceof GgufArray array ? array.count() : 0;
  }

  boolean isArray(String key) {
    return values.get(key) instanceof GgufArray;
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** A whole number of at least 1. */
  int requiredInt(String key) {
    return wholeNumber(key, required(key, "a whole number of at least 1"), 1);
  }

  /** A whole number of at least 0, or {@code missing} where there is none. */
  int optionalInt(String key, int missing) {
    return has(key) ? wholeNumber(key, values.get(key), 0) : missing;
  }

  /** A whole number of at least 1, or an array with one for each layer if they are all the same. */
  int requiredUniformInt(String key) {
    Object value = required(key, "a whole number of at least 1");
    if (!(value instanceof GgufArray)) {
      return wholeNumber(key, value, 1);
    }
    int[] numbers = ints(key);
    for (int number : numbers) {
      if (number != numbers[0]) {
        throw new InputException(
            file + ": " + key + " differs from layer to layer, which is not supported");
      }
    }
    if (numbers.length == 0) {
      throw wrong(key, "a whole number of at least 1");
    }
    return wholeNumber(key, (long) numbers[0], 1);
  }

  /** A finite number. */
  double requiredDouble(String key) {
    return number(key, required(key, "a number"));
  }

  /** A finite number, or {@code missing} where there is none. */
  double optionalDouble(String key, double missing) {
    return has(key) ? number(key, values.get(key)) : missing;
  }

  boolean bool(String key, boolean missing) {
    if (!has(key)) {
      return missing;
    }
    if (values.get(key) instanceof Boolean value) {
      return value;
    }
    throw wrong(key, "true or false");
  }

  String requiredString(String key) {
    required(key, "a string");
    return string(key, null);
  }

  String string(String key, String missing) {
    if (!has(key)) {
      return missing;
    }
    if (values.get(key) instanceof String value) {
      return value;
    }
    throw wrong(key, "a string");
  }

  /** All elements of an array of strings. */
  List<String> strings(String key) {
    GgufArray array = array(key, "an array of strings", GgufHeader.STRING);
    GgufCursor cursor = new GgufCursor(file, array.data());
    List<String> strings = new ArrayList<>(array.count());
    for (int i = 0; i < array.count(); i++) {
      strings.add(cursor.string("element " + i + " of " + key));
    }
    return strings;
  }

  /** All elements of an array of 32-bit whole numbers. */
  int[] ints(String key) {
    GgufArray array = array(key, "an array of 32-bit numbers", GgufHeader.INT32, GgufHeader.UINT32);
    return array.data().toArray(INT);
  }

  /** All elements of an array of 32-bit floats. */
  float[] floats(String key) {
    return array(key, "an array of 32-bit floats", GgufHeader.FLOAT32).data().toArray(FLOAT);
  }

  /** All elements of an array of booleans. */
  boolean[] bools(String key) {
    GgufArray array = array(key, "an array of booleans", GgufHeader.BOOL);
    boolean[] bools = new boolean[array.count()];
    for (int i = 0; i < bools.length; i++) {
      bools[i] = array.data().get(ValueLayout.JAVA_BYTE, i) != 0;
    }
    return bools;
  }

  private GgufArray array(String key, String expected, int... elementTypes) {
    if (required(key, expected) instanceof GgufArray array) {
      for (int type : elementTypes) {
        if (array.elementType() == type) {
          return array;
        }
      }
    }
    throw wrong(key, expected);
  }

  /** An error about {@code key}, to be thrown: the value found is not what was expected. */
  InputException wrong(String key, String expected) {
    String text = String.valueOf(values.get(key));
    String shortened = text.length() <= 60 ? text : text.substring(0, 60) + "...";
    return new InputException(file + ": " + key + " is " + shortened + ", expected " + expected);
  }

  private Object required(String key, String expected) {
    Object value = values.get(key);
    if (value == null) {
      throw new InputException(
          file + ": has no " + key + ", expected " + expected + "; convert the model again");
    }
    return value;
  }

  private int wholeNumber(String key, Object value, int least) {
    if (value instanceof Long number && number >= least && number <= Integer.MAX_VALUE) {
      return number.intValue();
    }
    throw wrong(key, "a whole number from " + least + " to " + Integer.MAX_VALUE);
  }

  private double number(String key, Object value) {
    if (value instanceof Long number) {
      return number;
    }
    if (value instanceof Double number && Double.isFinite(number)) {
      return number;
    }
    throw wrong(key, "a finite number");
  }
}
