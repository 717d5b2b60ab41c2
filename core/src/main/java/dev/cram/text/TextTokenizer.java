package dev.cram.text;

import dev.cram.lm.tokenizer.Tokenizer;
import java.util.Arrays;

/**
 * The two directions of a tokenizer, as far as splitting and joining text needs them.
 *
 * <p>Both must be deterministic. Nothing else is assumed: a tokenizer may normalise, drop or invent
 * characters, since every run of tokens is decoded and compared before it is used.
 */
public interface TextTokenizer {

  /** The tokens of a text, without special tokens added around it. */
  int[] encode(String text);

  /** The text of tokens; the inverse of {@link #encode} where the tokenizer is lossless. */
  String decode(int[] tokens);

  /**
   * The tokenizer of a model, which stays open.
   *
   * @param vocabularySize tokens that the model has rows for; a text with another token does not
   *     survive
   */
  static TextTokenizer of(Tokenizer tokenizer, int vocabularySize) {
    return new TextTokenizer() {
      @Override
      public int[] encode(String text) {
        return Arrays.stream(tokenizer.encode(text)).filter(t -> t < vocabularySize).toArray();
      }

      @Override
      public String decode(int[] tokens) {
        return tokenizer.decode(tokens);
      }
    };
  }
}
