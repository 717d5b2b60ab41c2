package dev.cram.lm.tokenizer;

import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * An entry of {@code added_tokens}: a text that becomes one token wherever it stands.
 *
 * @param isNormalized whether it is looked for in the normalized text, after being normalized
 *     itself ({@code normalized})
 * @param takesBlanks whether it takes the blanks that follow it ({@code rstrip})
 */
record AddedToken(
    int id, String content, boolean isSpecial, boolean isNormalized, boolean takesBlanks) {
  static List<AddedToken> readAll(JsonReader reader) throws IOException {
    List<AddedToken> tokens = new ArrayList<>();
    reader.beginArray();
    while (reader.hasNext()) {
      tokens.add(read(reader));
    }
    reader.endArray();
    return tokens;
  }

  private static AddedToken read(JsonReader reader) throws IOException {
    int id = -1;
    String content = "";
    boolean isSpecial = false;
    boolean isNormalized = false;
    boolean takesBlanks = false;
    reader.beginObject();
    while (reader.hasNext()) {
      switch (StrictJson.name(reader)) {
        case "id" -> id = reader.nextInt();
        case "content" -> content = StrictJson.string(reader);
        case "special" -> isSpecial = reader.nextBoolean();
        case "normalized" -> isNormalized = reader.nextBoolean();
        case "rstrip" -> takesBlanks = reader.nextBoolean();
        default -> StrictJson.pass(reader);
      }
    }
    reader.endObject();
    return new AddedToken(id, content, isSpecial, isNormalized, takesBlanks);
  }

  /** Whether it is more than blanks, accents and the like, which normalizers remove. */
  boolean isVisible() {
    return content.chars().anyMatch(c -> c > ' ' && c < 0x7f);
  }

  boolean beginsBlank() {
    int first = content.isEmpty() ? 'x' : content.codePointAt(0);
    return Character.isWhitespace(first) || Character.isSpaceChar(first) || first == '\u0085';
  }
}
