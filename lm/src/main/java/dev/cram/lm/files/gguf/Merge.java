package dev.cram.lm.files.gguf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Two tokens that byte-pair encoding joins to one. */
record Merge(String left, String right) {
  /**
   * The most UTF-16 units of a piece, many times what SentencePiece makes: each place to cut a
   * piece may be a merge, so longer ones would let a small file ask for much memory.
   */
  static final int LONGEST = 128;

  private record Scored(Merge merge, float score, int leftLength, int rightLength) {}

  /**
   * The merges of a SentencePiece vocabulary, the first to be applied first.
   *
   * <p>SentencePiece joins the neighbours that make the piece with the highest score. So every way
   * to put a piece together from two others is a merge, and they go by the score of the piece; of
   * the ways to make one piece, those with the longer left part come first.
   *
   * @param pieces ids of the pieces that may be joined or made, in the order of the ids, of at most
   *     {@value #LONGEST} UTF-16 units each
   * @param scores of all ids
   */
  static List<Merge> ofScores(Map<String, Integer> pieces, float[] scores) {
    List<Scored> merges = new ArrayList<>();
    pieces.forEach((piece, id) -> {
      for (int cut = next(piece, 0); cut < piece.length(); cut = next(piece, cut)) {
        String left = piece.substring(0, cut);
        if (pieces.containsKey(left)) {
          String right = piece.substring(cut);
          if (pieces.containsKey(right)) {
            merges.add(
                new Scored(
                    new Merge(left, right),
                    scores[id],
                    left.codePointCount(0, left.length()),
                    right.codePointCount(0, right.length())));
          }
        }
      }
    });
    merges.sort(
        Comparator.comparing(Scored::score)
            .thenComparing(Scored::leftLength)
            .thenComparing(Scored::rightLength)
            .reversed());
    return merges.stream().map(Scored::merge).toList();
  }

  /** The next boundary between characters. */
  private static int next(String text, int at) {
    return at >= text.length() ? text.length() : text.offsetByCodePoints(at, 1);
  }
}
