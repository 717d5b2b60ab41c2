package dev.cram.lm.files;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.cram.lm.InputException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small JSON file of a model directory that holds one object. */
public final class JsonFile {
  /** No config or index comes near this; a weights file given by mistake does. */
  private static final long MAX_BYTES = 64 << 20;

  private JsonFile() {}

  /**
   * Reads one.
   *
   * @throws InputException if it cannot be read, is too large or no JSON object
   */
  public static JsonObject read(Path path) {
    return parse(path.toString(), bytes(path));
  }

  static byte[] bytes(Path path) {
    try {
      if (!Files.isRegularFile(path)) {
        throw new InputException(
            path + ": no such file; give the directory of a Hugging Face model");
      }
      if (Files.size(path) > MAX_BYTES) {
        throw new InputException(
            path
                + ": has "
                + Files.size(path)
                + " bytes, expected a JSON file of at most "
                + MAX_BYTES);
      }
      return Files.readAllBytes(path);
    } catch (AccessDeniedException e) {
      throw new InputException(path + ": may not be read; change its permissions", e);
    } catch (IOException e) {
      throw new InputException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  static JsonObject parse(String name, byte[] bytes) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      JsonReader reader = new JsonReader(new StringReader(text));
      reader.setStrictness(Strictness.STRICT);
      if (JsonParser.parseReader(reader) instanceof JsonObject object
          && reader.peek() == JsonToken.END_DOCUMENT) {
        return object;
      }
    } catch (CharacterCodingException e) {
      throw new InputException(name + ": is not UTF-8, expected JSON; download it again", e);
    } catch (IOException | JsonParseException | IllegalStateException e) {
      // Falls through: whatever the parser says, the file is not what it should be.
    }
    throw new InputException(name + ": is not one JSON object; download it again");
  }
}
