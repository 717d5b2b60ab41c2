package dev.cram.lm.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.cram.lm.InputException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Looks in a {@code tokenizer.json}, above all in its steps (normalizer, pre-tokenizer,
 * post-processor, decoder), for values over which the native tokenizers library ends the whole
 * process, when it reads them or with some text later.
 *
 * <p>Regular expressions are not looked into. The library runs them as they are, and ends the
 * process when one takes too many attempts.
 *
 * @param name what errors call the file
 */
record TokenizerCheck(String name) {
  /** Normalizers that leave nothing of some texts. */
  private static final Set<String> REMOVERS =
      Set.of("Strip", "StripAccents", "Nmt", "BertNormalizer", "Precompiled");

  /**
   * Checks one step with all that it consists of. What a member means shows in its name: the
   * library takes steps without a type as well.
   *
   * @throws InputException if the library would not survive it
   */
  void step(JsonElement step) {
    if (step.isJsonArray()) {
      step.getAsJsonArray().forEach(this::step);
    } else if (step.isJsonObject()) {
      JsonObject members = step.getAsJsonObject();
      if (isText(members.get("type"), "Precompiled") && !members.has("precompiled_charsmap")) {
        throw refused("a normalizer of type Precompiled without precompiled_charsmap");
      }
      if (members.get("pattern") instanceof JsonObject kinds && isText(kinds.get("String"), "")) {
        throw refused("pattern: expected some text");
      }
      for (Map.Entry<String, JsonElement> member : members.entrySet()) {
        member(member.getKey(), member.getValue());
        step(member.getValue());
      }
    }
  }

  private void member(String key, JsonElement value) {
    switch (key) {
      case "precompiled_charsmap" -> {
        if (!isSound(value)) {
          throw refused("precompiled_charsmap: leads out of its own table");
        }
      }
      case "stop" -> {
        if (!isNumber(value) || value.getAsDouble() != 0) {
          throw refused("stop: expected 0, since a decoder cannot strip the end of short tokens");
        }
      }
      case "length" -> {
        if (isNumber(value) && value.getAsDouble() < 1) {
          throw refused("length: expected at least 1 character");
        }
      }
      case "prepend" -> {
        if (isText(value, "")) {
          throw refused("prepend: expected some text");
        }
      }
      case "single" -> {
        if (value.isJsonArray() && hasSecond(value)) {
          throw refused("single: expected sequence A alone");
        }
      }
      default -> {}
    }
  }

  /** Whether a normalizer, or one that it consists of, may leave nothing of a token. */
  static boolean mayRemove(JsonElement normalizer) {
    if (normalizer instanceof JsonArray parts) {
      return parts.asList().stream().anyMatch(TokenizerCheck::mayRemove);
    }
    return normalizer instanceof JsonObject step
        && (REMOVERS.stream().anyMatch(type -> isText(step.get("type"), type))
            || isText(step.get("content"), "")
            || mayRemove(step.get("normalizers")));
  }

  /**
   * Checks the added tokens.
   *
   * @param mayRemove what {@link #mayRemove} says of the normalizer
   * @throws InputException if the library would not survive them: it must not find one where there
   *     is nothing, or within the blanks that another has taken
   */
  void addedTokens(List<AddedToken> added, boolean mayRemove) {
    if (added.stream().anyMatch(AddedToken::takesBlanks)
        && added.stream().anyMatch(AddedToken::beginsBlank)) {
      throw refused("added_tokens: expected none with rstrip, since others begin with a blank");
    }
    if (mayRemove && added.stream().anyMatch(token -> token.isNormalized() && !token.isVisible())) {
      throw refused(
          "added_tokens: expected no normalized ones of blanks or accents alone, since the"
              + " normalizer may leave nothing of them");
    }
  }

  private static boolean isText(JsonElement value, String text) {
    return new JsonPrimitive(text).equals(value);
  }

  private static boolean isSound(JsonElement table) {
    try {
      byte[] bytes = Base64.getDecoder().decode(table.getAsString());
      // Java's decoder does without padding, and with bits that mean nothing.
      boolean isExact = Base64.getEncoder().encodeToString(bytes).equals(table.getAsString());
      return isExact && PrecompiledCharsmap.isSound(bytes);
    } catch (IllegalArgumentException | UnsupportedOperationException | IllegalStateException e) {
      return false;
    }
  }

  private static boolean isNumber(JsonElement value) {
    return value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber();
  }

  private static boolean hasSecond(JsonElement template) {
    for (JsonElement piece : template.getAsJsonArray()) {
      if (piece instanceof JsonObject object
          && object.get("Sequence") instanceof JsonObject sequence
          && sequence.has("id")
          && !sequence.get("id").toString().equals("\"A\"")) {
        return true;
      }
    }
    return false;
  }

  InputException refused(String what) {
    return new InputException(
        name + ": " + what + "; use a tokenizer.json as Hugging Face's tokenizers write it");
  }
}
