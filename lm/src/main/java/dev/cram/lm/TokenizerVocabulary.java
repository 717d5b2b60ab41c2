package dev.cram.lm;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * Reads how many ids a {@code tokenizer.json} has, and makes sure that it is JSON from end to end:
 * the native library ends the whole process on some files that are not.
 */
final class TokenizerVocabulary {
  private TokenizerVocabulary() {}

  /** One more than the largest id of the file's model and added tokens. */
  static int size(String name, byte[] json) {
    var decoder = StandardCharsets.UTF_8.newDecoder();
    var reader = new JsonReader(new InputStreamReader(new ByteArrayInputStream(json), decoder));
    reader.setStrictness(Strictness.STRICT);
    try {
      int size = 1 + largestId(reader);
      if (size > 0 && reader.peek() == JsonToken.END_DOCUMENT) {
        return size;
      }
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      throw new InputException(
          name + ": is no tokenizer.json that can be used; download it again", e);
    }
    throw new InputException(
        name + ": has no vocabulary, expected a tokenizer.json; download it again");
  }

  private static int largestId(JsonReader reader) throws IOException {
    int largest = -1;
    reader.beginObject();
    while (reader.hasNext()) {
      switch (reader.nextName()) {
        case "added_tokens" -> largest = Math.max(largest, largestAddedId(reader));
        case "model" -> largest = Math.max(largest, largestModelId(reader));
        default -> reader.skipValue();
      }
    }
    reader.endObject();
    return largest;
  }

  private static int largestAddedId(JsonReader reader) throws IOException {
    int largest = -1;
    reader.beginArray();
    while (reader.hasNext()) {
      reader.beginObject();
      while (reader.hasNext()) {
        if (reader.nextName().equals("id")) {
          largest = Math.max(largest, reader.nextInt());
        } else {
          reader.skipValue();
        }
      }
      reader.endObject();
    }
    reader.endArray();
    return largest;
  }

  private static int largestModelId(JsonReader reader) throws IOException {
    int largest = -1;
    reader.beginObject();
    while (reader.hasNext()) {
      if (!reader.nextName().equals("vocab")) {
        reader.skipValue();
      } else if (reader.peek() == JsonToken.BEGIN_ARRAY) {
        // A unigram model lists its pieces in the order of their ids.
        reader.beginArray();
        for (; reader.hasNext(); largest++) {
          reader.skipValue();
        }
        reader.endArray();
      } else {
        reader.beginObject();
        while (reader.hasNext()) {
          reader.nextName();
          largest = Math.max(largest, reader.nextInt());
        }
        reader.endObject();
      }
    }
    reader.endObject();
    return largest;
  }
}
