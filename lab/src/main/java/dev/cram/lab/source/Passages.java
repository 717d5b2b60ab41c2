package dev.cram.lab.source;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Passages of a document: it is cut into chunks at line ends, and a passage is the second half of a
 * chunk, counted in sentences, so that it begins with a sentence (Kuratov et al. 2025, whose
 * datasets hold such chunks; a document of about one chunk is taken as it is).
 */
final class Passages {
  /** Its half is some 2,500 tokens of English. */
  private static final int CHUNK_CHARACTERS = 20_000;

  private Passages() {}

  /**
   * The passage number {@code turn} of a document, in an order that {@code random} begins.
   *
   * @return nothing if the document has fewer chunks
   */
  static Optional<String> of(String document, SplittableRandom random, int turn) {
    List<String> chunks = chunks(document);
    if (turn >= chunks.size()) {
      return Optional.empty();
    }
    return Optional.of(
        secondHalf(chunks.get((random.nextInt(chunks.size()) + turn) % chunks.size())));
  }

  private static List<String> chunks(String document) {
    List<String> chunks = new ArrayList<>();
    int from = 0;
    while (document.length() - from > 2 * CHUNK_CHARACTERS) {
      int end = document.indexOf('\n', from + CHUNK_CHARACTERS);
      if (end < 0 || document.length() - end < CHUNK_CHARACTERS) {
        break;
      }
      chunks.add(document.substring(from, end));
      from = end + 1;
    }
    chunks.add(document.substring(from));
    return chunks;
  }

  private static String secondHalf(String chunk) {
    BreakIterator sentences = BreakIterator.getSentenceInstance(Locale.ENGLISH);
    sentences.setText(chunk);
    List<Integer> starts = new ArrayList<>();
    for (int at = sentences.first(); at != BreakIterator.DONE; at = sentences.next()) {
      starts.add(at);
    }
    // The last boundary is the end of the chunk.
    int count = starts.size() - 1;
    return count < 2 ? chunk.strip() : chunk.substring(starts.get(count / 2)).strip();
  }
}
