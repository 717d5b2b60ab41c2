package dev.cram.text;

import java.util.ArrayList;
import java.util.List;

/**
 * A text of any length in blocks that are split into {@link Pieces} one by one, so that neither the
 * text nor its tokens need be in memory as a whole.
 *
 * <p>A block ends after a line where there is one in its second half, and no run goes beyond its
 * block: where blocks end depends on the bytes alone.
 */
public final class TextBlocks {
  /** A tokenizer never sees more than this at once. */
  public static final int MAX_BLOCK_BYTES = 1 << 18;

  private final Original original;
  private final TextTokenizer tokenizer;
  private final List<Block> blocks = new ArrayList<>();
  private final String sha256;
  private final int tokenCount;

  /** The block that was split last, and its pieces. */
  private int split = -1;

  private List<Piece> pieces;

  private record Block(long from, int bytes) {}

  /**
   * Reads the whole text once, to find its blocks and to count its tokens.
   *
   * @throws dev.cram.lm.InputException if it cannot be read
   */
  public TextBlocks(Original original, TextTokenizer tokenizer) {
    this.original = original;
    this.tokenizer = tokenizer;
    sha256 = original.sha256();
    for (long at = 0; at < original.size(); at += blocks.getLast().bytes) {
      blocks.add(new Block(at, length(at)));
    }
    int count = 0;
    for (int block = 0; block < blocks.size(); block++) {
      for (Piece piece : pieces(block)) {
        count += piece instanceof Piece.TokenRun run ? run.tokens().length : 0;
      }
    }
    tokenCount = count;
  }

  private int length(long at) {
    long rest = original.size() - at;
    if (rest <= MAX_BLOCK_BYTES) {
      return (int) rest;
    }
    byte[] bytes = original.read(at, MAX_BLOCK_BYTES);
    int reach = MAX_BLOCK_BYTES / 4;
    return Cuts.near(bytes, 0, bytes.length, bytes.length - reach, reach);
  }

  /** How many blocks there are. */
  public int count() {
    return blocks.size();
  }

  /** The tokens of all runs of all blocks. */
  public int tokenCount() {
    return tokenCount;
  }

  /** The SHA-256 of the text, as 64 lower-case hexadecimal digits. */
  public String sha256() {
    return sha256;
  }

  /** The bytes of the text. */
  public long size() {
    return original.size();
  }

  /**
   * The pieces of a block; those of the block that was asked for last are kept.
   *
   * @throws dev.cram.lm.InputException if the text cannot be read any more
   */
  public List<Piece> pieces(int block) {
    if (split != block) {
      Block range = blocks.get(block);
      pieces = Pieces.split(original.read(range.from, range.bytes), tokenizer);
      split = block;
    }
    return pieces;
  }

  /**
   * Checks that the text is still what it was at first.
   *
   * @throws dev.cram.lm.InputException if it is not
   */
  public void checkUnchanged() {
    if (!original.sha256().equals(sha256)) {
      throw original.changed();
    }
  }
}
