package dev.cram.lm.files;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.cram.lm.InputException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A Hugging Face {@code config.json}, or an object within it.
 *
 * <p>Keys keep the spelling of the file. A key whose value is {@code null} counts as missing. Every
 * getter throws {@link InputException}, naming the file, the key, what it found and what it
 * expected, if the value has another type or is out of range.
 */
public final class ModelConfig {
  private final String file;
  private final String prefix;
  private final JsonObject values;

  private ModelConfig(String file, String prefix, JsonObject values) {
    this.file = file;
    this.prefix = prefix;
    this.values = values;
  }

  /**
   * Reads a config file.
   *
   * @throws InputException if it is missing, cannot be read or is not a JSON object
   */
  public static ModelConfig read(Path path) {
    return new ModelConfig(path.toString(), "", JsonFile.read(path));
  }

  /** A config that is in memory already; errors call it {@code name}. */
  public static ModelConfig of(String name, byte[] json) {
    return new ModelConfig(name, "", JsonFile.parse(name, json));
  }

  /** What errors call this file. */
  public String file() {
    return file;
  }

  /** The {@code model_type}, such as {@code llama}. */
  public String modelType() {
    return requiredString("model_type");
  }

  /** Whether there is a value other than {@code null}. */
  public boolean has(String key) {
    JsonElement value = values.get(key);
    return value != null && !value.isJsonNull();
  }

  /** Whether there is the key, with the value {@code null}. */
  public boolean isNull(String key) {
    JsonElement value = values.get(key);
    return value != null && value.isJsonNull();
  }

  /** This config, with numbers for keys that it may lack. */
  public ModelConfig withDefaults(Map<String, ? extends Number> defaults) {
    JsonObject all = values.deepCopy();
    defaults.forEach((key, number) -> {
      if (!has(key)) {
        all.addProperty(key, number);
      }
    });
    return new ModelConfig(file, prefix, all);
  }

  /** A size: a whole number of at least 1. */
  public int requiredInt(String key) {
    return wholeNumber(key, required(key, "a whole number of at least 1"), 1);
  }

  /** A whole number of at least 0, or {@code missing} where there is none. */
  public int optionalInt(String key, int missing) {
    return has(key) ? wholeNumber(key, values.get(key), 0) : missing;
  }

  /** A finite number. */
  public double requiredDouble(String key) {
    return number(key, required(key, "a number"));
  }

  /** A finite number, or {@code missing} where there is none. */
  public double optionalDouble(String key, double missing) {
    return has(key) ? number(key, values.get(key)) : missing;
  }

  /** {@code true} or {@code false}, or {@code missing} where there is neither. */
  public boolean bool(String key, boolean missing) {
    if (!has(key)) {
      return missing;
    }
    if (values.get(key) instanceof JsonPrimitive value && value.isBoolean()) {
      return value.getAsBoolean();
    }
    throw wrong(key, "true or false");
  }

  /** A text. */
  public String requiredString(String key) {
    required(key, "a string");
    return string(key, null);
  }

  /** A text, or {@code missing} where there is none. */
  public String string(String key, String missing) {
    if (!has(key)) {
      return missing;
    }
    if (values.get(key) instanceof JsonPrimitive value && value.isString()) {
      return value.getAsString();
    }
    throw wrong(key, "a string");
  }

  /** A list of finite numbers. */
  public List<Double> requiredDoubles(String key) {
    if (required(key, "a list of numbers") instanceof JsonArray array) {
      return array.asList().stream().map(element -> number(key, element)).toList();
    }
    throw wrong(key, "a list of numbers");
  }

  /** A list of texts. */
  public Optional<List<String>> strings(String key) {
    if (!has(key)) {
      return Optional.empty();
    }
    List<String> texts = new ArrayList<>();
    if (values.get(key) instanceof JsonArray array) {
      for (JsonElement element : array) {
        if (element instanceof JsonPrimitive value && value.isString()) {
          texts.add(value.getAsString());
        }
      }
      if (texts.size() == array.size()) {
        return Optional.of(texts);
      }
    }
    throw wrong(key, "a list of strings");
  }

  /** Whether the value is this text. */
  public boolean is(String key, String text) {
    return values.get(key) instanceof JsonPrimitive value
        && value.isString()
        && value.getAsString().equals(text);
  }

  /** An object within this one, whose keys errors name with {@code key.} in front. */
  public Optional<ModelConfig> object(String key) {
    if (!has(key)) {
      return Optional.empty();
    }
    if (values.get(key) instanceof JsonObject value) {
      return Optional.of(new ModelConfig(file, prefix + key + ".", value));
    }
    throw wrong(key, "an object");
  }

  /** An error about {@code key}, to be thrown: the value found is not what was expected. */
  public InputException wrong(String key, String expected) {
    return new InputException(
        file
            + ": "
            + prefix
            + key
            + " is "
            + shortened(values.get(key))
            + ", expected "
            + expected);
  }

  /**
   * The key of a size in this config that equals {@code size}, so that an error about a weight's
   * shape can say where the expected number comes from.
   */
  Optional<String> sizeKey(long size) {
    return values.entrySet().stream()
        .filter(
            entry -> entry.getKey().matches(".*_(size|dim|embd|inner|model|positions|embeddings)"))
        .filter(entry ->
            entry.getValue() instanceof JsonPrimitive value
                && value.isNumber()
                && value.getAsString().equals(Long.toString(size)))
        .map(entry -> prefix + entry.getKey())
        .findFirst();
  }

  private JsonElement required(String key, String expected) {
    if (!has(key)) {
      throw new InputException(
          file
              + ": has no "
              + prefix
              + key
              + ", expected "
              + expected
              + "; use the config.json that belongs to the weights");
    }
    return values.get(key);
  }

  private int wholeNumber(String key, JsonElement element, int least) {
    if (element instanceof JsonPrimitive value && value.isNumber()) {
      try {
        // 1e999999999 is a BigDecimal, but its int value would be computed digit by digit.
        BigDecimal exact = new BigDecimal(value.getAsString());
        if (Math.abs((long) exact.scale()) <= 20) {
          int number = exact.intValueExact();
          if (number >= least) {
            return number;
          }
        }
      } catch (ArithmeticException | NumberFormatException e) {
        // Falls through to the one error below.
      }
    }
    throw wrong(key, "a whole number from " + least + " to " + Integer.MAX_VALUE);
  }

  private double number(String key, JsonElement element) {
    if (element instanceof JsonPrimitive value && value.isNumber()) {
      double number = value.getAsDouble();
      if (Double.isFinite(number)) {
        return number;
      }
    }
    throw wrong(key, "a finite number");
  }

  private static String shortened(JsonElement value) {
    String text = String.valueOf(value);
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }
}
