package dev.cram.lm.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;

/**
 * SentencePiece's table of what a normalizer replaces, as {@code tokenizer.json} carries it: the
 * size in bytes of a double-array trie (darts-clone), the trie, and the replacements, each ended by
 * a zero byte. The native tokenizers library follows its offsets without looking where they lead.
 */
final class PrecompiledCharsmap {
  private static final int LABEL = 1 << 31 | 0xff;

  private final int[] trie;
  private final byte[] replacements;
  private final Deque<Integer> nodes = new ArrayDeque<>();
  private final BitSet known = new BitSet();

  private PrecompiledCharsmap(int[] trie, byte[] replacements) {
    this.trie = trie;
    this.replacements = replacements;
  }

  /** Whether no text leads out of the table. */
  static boolean isSound(byte[] table) {
    ByteBuffer bytes = ByteBuffer.wrap(table).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.remaining() < Integer.BYTES) {
      return false;
    }
    int size = bytes.getInt();
    if (size < Integer.BYTES || size > bytes.remaining()) {
      return false;
    }
    // What is left over of a size that is no whole number of units belongs to the replacements.
    int[] trie = new int[size / Integer.BYTES];
    bytes.asIntBuffer().get(trie);
    bytes.position(bytes.position() + trie.length * Integer.BYTES);
    byte[] replacements = new byte[bytes.remaining()];
    bytes.get(replacements);
    return isUtf8(replacements) && new PrecompiledCharsmap(trie, replacements).isSound();
  }

  private static boolean isUtf8(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private boolean isSound() {
    find(offset(trie[0]));
    while (!nodes.isEmpty()) {
      int node = nodes.pop();
      for (int label = 1; label <= 0xff; label++) {
        int at = node ^ label;
        if (at >= trie.length) {
          return false;
        }
        int unit = trie[at];
        if ((unit & LABEL) == label) {
          int next = at ^ offset(unit);
          boolean isEnd = (unit >>> 8 & 1) == 1;
          if (isEnd && (next >= trie.length || !isStart(trie[next] & Integer.MAX_VALUE))) {
            return false;
          }
          find(next);
        }
      }
    }
    return true;
  }

  private void find(int node) {
    if (!known.get(node)) {
      known.set(node);
      nodes.push(node);
    }
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 1 << 9) >>> 6);
  }

  /** Whether a character begins here, or the replacements end. */
  private boolean isStart(int index) {
    return index == replacements.length
        || index < replacements.length && (replacements[index] & 0xc0) != 0x80;
  }
}
