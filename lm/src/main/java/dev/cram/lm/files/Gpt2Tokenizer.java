package dev.cram.lm.files;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.cram.lm.InputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The byte-level BPE tokenizer of GPT-2 and OPT where a directory has it in its old form, {@code
 * vocab.json} and {@code merges.txt}, put together as the {@code tokenizer.json} that Hugging Face
 * would make of it.
 */
final class Gpt2Tokenizer {
  private static final Gson GSON =
      new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
  private static final String VOCABULARY = "vocab.json";
  private static final String MERGES = "merges.txt";
  private static final String CONFIG = "tokenizer_config.json";

  private final Path directory;
  private final JsonObject config;
  private final JsonObject vocabulary;

  private Gpt2Tokenizer(Path directory) {
    this.directory = directory;
    this.config = optional(CONFIG);
    this.vocabulary = JsonFile.read(directory.resolve(VOCABULARY));
  }

  static boolean isIn(Path directory) {
    return Files.isRegularFile(directory.resolve(VOCABULARY))
        && Files.isRegularFile(directory.resolve(MERGES));
  }

  /**
   * @return a tokenizer.json, the same bytes whenever the files are the same
   * @throws InputException if the files cannot be read or belong to a tokenizer of another kind
   */
  static byte[] json(Path directory) {
    Gpt2Tokenizer tokenizer = new Gpt2Tokenizer(directory);
    tokenizer.requireThisKind();
    return GSON.toJson(tokenizer.json()).getBytes(StandardCharsets.UTF_8);
  }

  private void requireThisKind() {
    String kind = text(config, "tokenizer_class");
    if (!kind.isEmpty() && !kind.matches("GPT2Tokenizer(Fast)?")) {
      throw new InputException(
          directory.resolve(CONFIG)
              + ": tokenizer_class is \""
              + kind
              + "\", which only a tokenizer.json describes; make one in Python:"
              + " AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)");
    }
  }

  private JsonObject json() {
    JsonObject json = new JsonObject();
    json.addProperty("version", "1.0");
    json.add("truncation", JsonNull.INSTANCE);
    json.add("padding", JsonNull.INSTANCE);
    json.add("added_tokens", addedTokens());
    json.add("normalizer", JsonNull.INSTANCE);
    json.add("pre_tokenizer", byteLevel(isTrue(config, "add_prefix_space")));
    json.add("post_processor", JsonNull.INSTANCE);
    json.add("decoder", byteLevel(true));
    JsonObject model = new JsonObject();
    model.addProperty("type", "BPE");
    model.add("unk_token", JsonNull.INSTANCE);
    model.add("vocab", vocabulary);
    model.add("merges", merges());
    json.add("model", model);
    return json;
  }

  private static JsonObject byteLevel(boolean addPrefixSpace) {
    JsonObject byteLevel = new JsonObject();
    byteLevel.addProperty("type", "ByteLevel");
    byteLevel.addProperty("add_prefix_space", addPrefixSpace);
    byteLevel.addProperty("trim_offsets", true);
    byteLevel.addProperty("use_regex", true);
    return byteLevel;
  }

  /** Each line has the two tokens that a merge puts together; the first line may be a comment. */
  private JsonArray merges() {
    Path file = directory.resolve(MERGES);
    JsonArray merges = new JsonArray();
    // Split at line feeds alone: a token may be another character that ends lines.
    String[] lines = new String(JsonFile.bytes(file), StandardCharsets.UTF_8).split("\n");
    for (int i = 0; i < lines.length; i++) {
      String line =
          lines[i].endsWith("\r") ? lines[i].substring(0, lines[i].length() - 1) : lines[i];
      if (line.isEmpty() || i == 0 && line.startsWith("#version")) {
        continue;
      }
      String[] tokens = line.split(" ", -1);
      if (tokens.length != 2) {
        throw new InputException(
            file + ": line " + (i + 1) + " is no merge of two tokens; download it again");
      }
      JsonArray merge = new JsonArray();
      merge.add(tokens[0]);
      merge.add(tokens[1]);
      merges.add(merge);
    }
    return merges;
  }

  /** The tokens that text is first searched for, by id; later files describe them better. */
  private JsonArray addedTokens() {
    Map<Integer, JsonObject> tokens = new TreeMap<>();
    optional("added_tokens.json")
        .entrySet()
        .forEach(token -> put(tokens, token.getValue(), token.getKey(), new JsonObject()));
    for (Map.Entry<String, JsonElement> role : optional("special_tokens_map.json").entrySet()) {
      if (role.getValue() instanceof JsonObject token) {
        put(tokens, vocabulary.get(text(token, "content")), text(token, "content"), token);
      } else if (role.getValue() instanceof JsonPrimitive token) {
        put(tokens, vocabulary.get(token.getAsString()), token.getAsString(), new JsonObject());
      }
    }
    if (config.get("added_tokens_decoder") instanceof JsonObject described) {
      for (Map.Entry<String, JsonElement> token : described.entrySet()) {
        if (token.getValue() instanceof JsonObject object) {
          put(tokens, new JsonPrimitive(token.getKey()), text(object, "content"), object);
        }
      }
    }
    JsonArray added = new JsonArray();
    tokens.values().forEach(added::add);
    return added;
  }

  private static void put(
      Map<Integer, JsonObject> tokens, JsonElement id, String content, JsonObject described) {
    if (!(id instanceof JsonPrimitive number)
        || !number.getAsString().matches("\\d{1,9}")
        || content.isEmpty()) {
      return;
    }
    JsonObject token = new JsonObject();
    token.addProperty("id", Integer.valueOf(number.getAsString()));
    token.addProperty("content", content);
    for (String flag : new String[] {"single_word", "lstrip", "rstrip", "normalized"}) {
      token.addProperty(flag, isTrue(described, flag));
    }
    token.addProperty("special", true);
    tokens.put(Integer.valueOf(number.getAsString()), token);
  }

  private JsonObject optional(String file) {
    Path path = directory.resolve(file);
    return Files.isRegularFile(path) ? JsonFile.read(path) : new JsonObject();
  }

  private static String text(JsonObject object, String key) {
    return object.get(key) instanceof JsonPrimitive value && value.isString()
        ? value.getAsString()
        : "";
  }

  private static boolean isTrue(JsonObject object, String key) {
    return object.get(key) instanceof JsonPrimitive value
        && value.isBoolean()
        && value.getAsBoolean();
  }
}
