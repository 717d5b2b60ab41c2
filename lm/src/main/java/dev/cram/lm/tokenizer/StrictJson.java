package dev.cram.lm.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.MalformedJsonException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * JSON from end to end as the native tokenizers library takes it, which ends the whole process over
 * some that Gson would pass: control characters in what is skipped, half surrogate pairs, numbers
 * beyond a double, and nesting of more than 128.
 */
final class StrictJson {
  private static final int DEEPEST = 100;

  private StrictJson() {}

  static JsonReader reader(byte[] json) {
    var decoder = StandardCharsets.UTF_8.newDecoder();
    var reader = new JsonReader(new InputStreamReader(new ByteArrayInputStream(json), decoder));
    reader.setStrictness(Strictness.STRICT);
    reader.setNestingLimit(DEEPEST);
    return reader;
  }

  /** The next name of an object. */
  static String name(JsonReader reader) throws IOException {
    return whole(reader.nextName());
  }

  /** The next value, a string. */
  static String string(JsonReader reader) throws IOException {
    return whole(reader.nextString());
  }

  /** Reads the next value and forgets it. */
  static void pass(JsonReader reader) throws IOException {
    switch (reader.peek()) {
      case BEGIN_ARRAY -> {
        reader.beginArray();
        while (reader.hasNext()) {
          pass(reader);
        }
        reader.endArray();
      }
      case BEGIN_OBJECT -> {
        reader.beginObject();
        while (reader.hasNext()) {
          name(reader);
          pass(reader);
        }
        reader.endObject();
      }
      case STRING -> string(reader);
      case NUMBER -> reader.nextDouble();
      case BOOLEAN -> reader.nextBoolean();
      default -> reader.nextNull();
    }
  }

  /** Reads the next value. */
  static JsonElement read(JsonReader reader) throws IOException {
    try {
      JsonElement element = JsonParser.parseReader(reader);
      check(element);
      return element;
    } catch (JsonParseException e) {
      throw new MalformedJsonException(e.getMessage(), e);
    }
  }

  private static void check(JsonElement element) throws IOException {
    if (element.isJsonArray()) {
      for (JsonElement part : element.getAsJsonArray()) {
        check(part);
      }
    } else if (element.isJsonObject()) {
      for (Map.Entry<String, JsonElement> member : element.getAsJsonObject().entrySet()) {
        whole(member.getKey());
        check(member.getValue());
      }
    } else if (element.isJsonPrimitive()) {
      boolean isNumber = element.getAsJsonPrimitive().isNumber();
      if (isNumber && !Double.isFinite(element.getAsDouble())) {
        throw new MalformedJsonException("a number beyond the range of a double");
      }
      whole(element.getAsString());
    }
  }

  private static String whole(String string) throws IOException {
    if (string
        .codePoints()
        .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
      throw new MalformedJsonException("half a surrogate pair");
    }
    return string;
  }
}
