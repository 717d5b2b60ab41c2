package dev.cram.text;

import java.util.Arrays;

/** A stretch of a file: tokens that decode to it exactly, or its bytes. */
public sealed interface Piece {

  /**
   * Valid UTF-8 that survives its tokenizer: decoding {@code tokens}, all of them at once, gives
   * the text of the stretch.
   *
   * <p>A run is later cut into segments at any token, which with byte-level BPE may be inside a
   * UTF-8 character. That is harmless, because the tokens of all segments of a run are concatenated
   * before they are decoded. Decoding the segments one by one and joining the texts would be wrong.
   *
   * @param tokens at least one token
   */
  record TokenRun(int[] tokens) implements Piece {
    @Override
    public boolean equals(Object other) {
      return other instanceof TokenRun run && Arrays.equals(tokens, run.tokens);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(tokens);
    }

    @Override
    public String toString() {
      return "TokenRun[" + tokens.length + " tokens]";
    }
  }

  /**
   * Bytes that no token run carries.
   *
   * @param bytes at least one byte
   */
  record RawBytes(byte[] bytes) implements Piece {
    @Override
    public boolean equals(Object other) {
      return other instanceof RawBytes raw && Arrays.equals(bytes, raw.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return "RawBytes[" + bytes.length + " bytes]";
    }
  }
}
