package dev.cram.lm.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.cram.lm.InputException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The ids of a {@code tokenizer.json}. Reading it makes sure of the whole file: the native library
 * ends the process on some, see {@link StrictJson} and {@link TokenizerCheck}.
 *
 * @param size one more than the largest id of the file's model and added tokens
 * @param plainSize the same without special tokens, which models for more than text may lack rows
 *     for
 */
record TokenizerVocabulary(int size, int plainSize) {
  /**
   * @throws InputException if {@code json} is no tokenizer.json, or one that the native library
   *     does not survive
   */
  static TokenizerVocabulary read(String name, byte[] json) {
    JsonReader reader = StrictJson.reader(json);
    Contents contents = new Contents(name);
    try {
      contents.read(reader);
      if (contents.size(Set.of()) > 0 && reader.peek() == JsonToken.END_DOCUMENT) {
        return new TokenizerVocabulary(
            contents.size(Set.of()), contents.size(contents.specialIds()));
      }
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      throw new InputException(
          name + ": is no tokenizer.json that can be used; download it again", e);
    }
    throw new InputException(
        name + ": has no vocabulary, expected a tokenizer.json; download it again");
  }

  private static final class Contents {
    private final TokenizerCheck check;
    private List<AddedToken> added = List.of();
    private int[] ids = new int[1 << 12];
    private int count;

    Contents(String name) {
      this.check = new TokenizerCheck(name);
    }

    int size(Set<Integer> except) {
      return 1 + Arrays.stream(ids, 0, count).filter(id -> !except.contains(id)).max().orElse(-1);
    }

    Set<Integer> specialIds() {
      return added.stream()
          .filter(AddedToken::isSpecial)
          .map(AddedToken::id)
          .collect(Collectors.toSet());
    }

    private void add(int id) {
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, 2 * count);
      }
      ids[count++] = id;
    }

    void read(JsonReader reader) throws IOException {
      boolean mayRemove = false;
      reader.beginObject();
      while (reader.hasNext()) {
        switch (StrictJson.name(reader)) {
          case "added_tokens" -> added = AddedToken.readAll(reader);
          case "model" -> readModel(reader);
          case "normalizer" -> {
            JsonElement normalizer = StrictJson.read(reader);
            check.step(normalizer);
            mayRemove = TokenizerCheck.mayRemove(normalizer);
          }
          case "pre_tokenizer", "post_processor", "decoder" -> check.step(StrictJson.read(reader));
          default -> StrictJson.pass(reader);
        }
      }
      reader.endObject();
      added.forEach(token -> add(token.id()));
      check.addedTokens(added, mayRemove);
    }

    private void readModel(JsonReader reader) throws IOException {
      boolean hasMerges = false;
      boolean hasPrefix = false;
      reader.beginObject();
      while (reader.hasNext()) {
        switch (StrictJson.name(reader)) {
          case "vocab" -> readVocabulary(reader);
          case "merges" -> {
            hasMerges = true;
            StrictJson.pass(reader);
          }
          case "continuing_subword_prefix" -> {
            JsonElement prefix = StrictJson.read(reader);
            hasPrefix = prefix.isJsonPrimitive() && !prefix.getAsString().isEmpty();
          }
          default -> StrictJson.pass(reader);
        }
      }
      reader.endObject();
      if (hasMerges && hasPrefix) {
        // It is cut off the second half of each merge, whether it is there or not.
        throw check.refused("continuing_subword_prefix: expected none in a model with merges");
      }
    }

    private void readVocabulary(JsonReader reader) throws IOException {
      if (reader.peek() == JsonToken.BEGIN_ARRAY) {
        // A unigram model lists its pieces in the order of their ids.
        reader.beginArray();
        for (int id = 0; reader.hasNext(); id++) {
          StrictJson.pass(reader);
          add(id);
        }
        reader.endArray();
      } else {
        reader.beginObject();
        while (reader.hasNext()) {
          StrictJson.name(reader);
          add(reader.nextInt());
        }
        reader.endObject();
      }
    }
  }
}
