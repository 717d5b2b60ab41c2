package dev.cram.app.serve;

import dev.cram.text.Original;
import dev.cram.text.Piece;
import dev.cram.text.TextBlocks;
import dev.cram.text.TextTokenizer;
import dev.cram.text.TokenTexts;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A text as the page shows it: its tokens, and between them what is kept as raw bytes.
 *
 * @param ids of all tokens
 * @param texts what each adds to the text
 * @param raws stretches without tokens
 */
record Tokens(int[] ids, List<String> texts, List<Raw> raws) {
  /**
   * Bytes that no tokens stand for.
   *
   * @param before the number of tokens before it
   */
  record Raw(int before, int bytes) {}

  static Tokens of(byte[] original, TextTokenizer tokenizer) {
    IntStream.Builder ids = IntStream.builder();
    List<String> texts = new ArrayList<>();
    List<Raw> raws = new ArrayList<>();
    TextBlocks blocks = new TextBlocks(Original.of(original), tokenizer);
    for (int block = 0; block < blocks.count(); block++) {
      for (Piece piece : blocks.pieces(block)) {
        switch (piece) {
          case Piece.RawBytes raw -> raws.add(new Raw(texts.size(), raw.bytes().length));
          case Piece.TokenRun run -> {
            for (int id : run.tokens()) {
              ids.add(id);
            }
            texts.addAll(TokenTexts.of(tokenizer, run.tokens()));
          }
        }
      }
    }
    return new Tokens(ids.build().toArray(), texts, raws);
  }

  int count() {
    return ids.length;
  }
}
