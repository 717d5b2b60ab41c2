package dev.cram.lm.tokenizer;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.cram.lm.InputException;
import dev.cram.lm.files.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * A {@code tokenizer.json}: text to token ids and back, exactly as Hugging Face's tokenizers do it.
 *
 * <p>No special tokens are added, nothing is truncated, padded or cleaned up. Instances may be used
 * by several threads.
 */
public final class Tokenizer implements AutoCloseable {
  private static final Map<String, String> OPTIONS =
      Map.of("addSpecialTokens", "false", "truncation", "do_not_truncate", "padding", "do_not_pad");

  private final HuggingFaceTokenizer tokenizer;
  private final String name;
  private final byte[] json;
  private final TokenizerVocabulary vocabulary;

  private Tokenizer(
      HuggingFaceTokenizer tokenizer, String name, byte[] json, TokenizerVocabulary vocabulary) {
    this.tokenizer = tokenizer;
    this.name = name;
    this.json = json;
    this.vocabulary = vocabulary;
  }

  /**
   * Loads a tokenizer.
   *
   * @param name what errors call it
   * @param json the bytes of tokenizer.json, which may not change afterwards
   * @throws InputException if {@code json} describes no tokenizer, or this machine cannot run it
   */
  public static Tokenizer of(String name, byte[] json) {
    TokenizerVocabulary vocabulary = TokenizerVocabulary.read(name, json);
    TokenizerRuntime.prepare();
    try {
      return new Tokenizer(
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS),
          name,
          json,
          vocabulary);
    } catch (EngineException | LinkageError e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new InputException(
          name
              + ": the native tokenizers library cannot be loaded ("
              + cause.getMessage()
              + "); it runs on x86-64 and ARM64 with glibc, macOS or Windows",
          e);
    } catch (IOException | RuntimeException e) {
      throw new InputException(
          name
              + ": is no tokenizer.json that can be used ("
              + e.getMessage()
              + "); download it again",
          e);
    }
  }

  /**
   * The token ids of a text; text that spells a special token becomes that token.
   *
   * @throws IllegalArgumentException if {@code text} holds half a surrogate pair
   * @throws InputException if tokenizer.json says too little for this text, such as no token for
   *     what it does not know
   */
  public int[] encode(String text) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException("a text with half a surrogate pair has no tokens");
    }
    try {
      return Arrays.stream(tokenizer.encode(text, false, false).getIds())
          .mapToInt(Math::toIntExact)
          .toArray();
    } catch (RuntimeException e) {
      throw failed("cannot make tokens of a text", e);
    }
  }

  /**
   * The text of token ids, special tokens included. Bytes that are not UTF-8 when put together
   * become U+FFFD, and ids that the tokenizer does not know add nothing.
   *
   * @throws InputException if tokenizer.json says too little for these ids
   */
  public String decode(int... ids) {
    try {
      return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), false);
    } catch (RuntimeException e) {
      throw failed("cannot make a text of tokens", e);
    }
  }

  private InputException failed(String what, RuntimeException e) {
    return new InputException(
        name + ": " + what + " (" + e.getMessage() + "); is it whole? download it again", e);
  }

  /** What one token adds to a text that goes before it, for display. */
  public String token(int id) {
    // Some decoders drop the blank with which the first token of a text begins.
    String once = decode(id);
    String twice = decode(id, id);
    return twice.startsWith(once) ? twice.substring(once.length()) : once;
  }

  /** One more than the largest token id, added tokens included. */
  public int vocabularySize() {
    return vocabulary.size();
  }

  /**
   * Makes sure that a model has a row for every token.
   *
   * @param rows how many tokens the model's embeddings have
   * @throws InputException if a token other than the special ones has no row; a text that spells a
   *     special one may still become an id beyond them
   */
  public void requireRows(int rows) {
    if (vocabulary.plainSize() > rows) {
      throw new InputException(
          name
              + ": has token ids up to "
              + (vocabulary.plainSize() - 1)
              + ", but the model has embeddings for "
              + rows
              + " tokens (vocab_size); use the tokenizer.json that belongs to the weights");
    }
  }

  /** Identifies the tokenizer: the hexadecimal SHA-256 of tokenizer.json. */
  public String fingerprint() {
    return Sha256.hex(json);
  }

  /** Frees the native memory; the tokenizer may not be used any more. */
  @Override
  public void close() {
    tokenizer.close();
  }
}
