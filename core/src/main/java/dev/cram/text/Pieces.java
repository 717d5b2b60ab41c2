package dev.cram.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Splits the bytes of a file into token runs and raw bytes, and joins them again. */
public final class Pieces {

  /**
   * A shorter stretch stays raw with its neighbours, unless it is the whole file.
   *
   * <p>A run costs at least one vector and one optimisation, raw bytes cost themselves. Random
   * bytes go on being well-formed UTF-8 with probability 0.53 per character, so a stretch of 32
   * bytes is a matter of chance less than once in 100 million bytes; and a vector is larger than 32
   * bytes whatever the model.
   */
  static final int MIN_RUN_BYTES = 32;

  private Pieces() {}

  /**
   * Covers the bytes with pieces in order: what is well-formed UTF-8 and survives the tokenizer as
   * runs of tokens, everything else raw. Two raw pieces are never neighbours.
   *
   * <p>Takes near-linear time in the bytes, whatever the bytes and the tokenizer, which sees up to
   * all of them at once: long texts come block by block, see {@link TextBlocks}.
   *
   * @return no pieces for no bytes
   */
  public static List<Piece> split(byte[] bytes, TextTokenizer tokenizer) {
    Splitter splitter = new Splitter(bytes);
    SurvivingText text = new SurvivingText(bytes, tokenizer);
    int at = 0;
    while (at < bytes.length) {
      int end = Utf8.validUntil(bytes, at);
      if (splitter.mayBeRun(at, end)) {
        for (SurvivingText.Stretch stretch : text.find(at, end)) {
          splitter.add(stretch);
        }
      }
      // An invalid byte, and with it a valid stretch too short for a run, waits for the next run.
      at = end == at ? at + 1 : end;
    }
    return splitter.finish();
  }

  /**
   * The bytes of the pieces in order. The tokens of a run are decoded together.
   *
   * @param tokenizer the one the pieces were split with
   */
  public static byte[] join(List<Piece> pieces, TextTokenizer tokenizer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (Piece piece : pieces) {
      bytes.writeBytes(
          switch (piece) {
            case Piece.TokenRun run ->
                tokenizer.decode(run.tokens()).getBytes(StandardCharsets.UTF_8);
            case Piece.RawBytes raw -> raw.bytes();
          });
    }
    return bytes.toByteArray();
  }

  /** Collects runs in order; bytes between them become raw pieces. */
  private static final class Splitter {
    private final byte[] bytes;
    private final List<Piece> pieces = new ArrayList<>();
    private int covered;

    Splitter(byte[] bytes) {
      this.bytes = bytes;
    }

    boolean mayBeRun(int from, int to) {
      return to > from && (to - from >= MIN_RUN_BYTES || to - from == bytes.length);
    }

    void add(SurvivingText.Stretch stretch) {
      if (stretch.survives() && mayBeRun(stretch.from(), stretch.to())) {
        raw(stretch.from());
        pieces.add(new Piece.TokenRun(stretch.tokens()));
        covered = stretch.to();
      }
    }

    List<Piece> finish() {
      raw(bytes.length);
      return List.copyOf(pieces);
    }

    private void raw(int to) {
      if (to > covered) {
        pieces.add(new Piece.RawBytes(Arrays.copyOfRange(bytes, covered, to)));
        covered = to;
      }
    }
  }
}
