package dev.cram.lm;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * The ids of a {@code tokenizer.json}. Reading it makes sure that it is JSON from end to end: the
 * native library ends the whole process on some files that are not.
 *
 * @param size one more than the largest id of the file's model and added tokens
 * @param plainSize the same without special tokens, which models for more than text may lack rows
 *     for
 */
record TokenizerVocabulary(int size, int plainSize) {
  static TokenizerVocabulary read(String name, byte[] json) {
    var decoder = StandardCharsets.UTF_8.newDecoder();
    var reader = new JsonReader(new InputStreamReader(new ByteArrayInputStream(json), decoder));
    reader.setStrictness(Strictness.STRICT);
    Ids ids = new Ids();
    try {
      ids.read(reader);
      if (ids.any && reader.peek() == JsonToken.END_DOCUMENT) {
        return new TokenizerVocabulary(1 + ids.largest(Set.of()), 1 + ids.largest(ids.special));
      }
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      throw new InputException(
          name + ": is no tokenizer.json that can be used; download it again", e);
    }
    throw new InputException(
        name + ": has no vocabulary, expected a tokenizer.json; download it again");
  }

  private static final class Ids {
    private final Set<Integer> special = new HashSet<>();
    private int[] all = new int[1 << 12];
    private int count;
    private boolean any;

    int largest(Set<Integer> except) {
      return Arrays.stream(all, 0, count).filter(id -> !except.contains(id)).max().orElse(-1);
    }

    private void add(int id) {
      if (count == all.length) {
        all = Arrays.copyOf(all, 2 * count);
      }
      all[count++] = id;
      any |= id >= 0;
    }

    void read(JsonReader reader) throws IOException {
      reader.beginObject();
      while (reader.hasNext()) {
        switch (reader.nextName()) {
          case "added_tokens" -> readAdded(reader);
          case "model" -> readModel(reader);
          default -> reader.skipValue();
        }
      }
      reader.endObject();
    }

    private void readAdded(JsonReader reader) throws IOException {
      reader.beginArray();
      while (reader.hasNext()) {
        int id = -1;
        boolean isSpecial = false;
        reader.beginObject();
        while (reader.hasNext()) {
          switch (reader.nextName()) {
            case "id" -> id = reader.nextInt();
            case "special" -> isSpecial = reader.nextBoolean();
            default -> reader.skipValue();
          }
        }
        reader.endObject();
        add(id);
        if (isSpecial) {
          special.add(id);
        }
      }
      reader.endArray();
    }

    private void readModel(JsonReader reader) throws IOException {
      reader.beginObject();
      while (reader.hasNext()) {
        if (!reader.nextName().equals("vocab")) {
          reader.skipValue();
        } else if (reader.peek() == JsonToken.BEGIN_ARRAY) {
          // A unigram model lists its pieces in the order of their ids.
          reader.beginArray();
          for (int id = 0; reader.hasNext(); id++) {
            reader.skipValue();
            add(id);
          }
          reader.endArray();
        } else {
          reader.beginObject();
          while (reader.hasNext()) {
            reader.nextName();
            add(reader.nextInt());
          }
          reader.endObject();
        }
      }
      reader.endObject();
    }
  }
}
