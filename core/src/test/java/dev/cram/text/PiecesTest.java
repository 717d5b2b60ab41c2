package dev.cram.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PiecesTest {
  private static final String LINE =
      "The quick brown fox jumps over the lazy dog, \u00e9 \u4F60.\n";

  @Test
  void anEmptyFileHasNoPieces() {
    assertThat(Pieces.split(new byte[0], FakeTokenizers.LOSSLESS)).isEmpty();
  }

  @Test
  void aSingleByteOfTextIsARunAndASingleInvalidByteIsRaw() {
    assertThat(Pieces.split(new byte[] {'a'}, FakeTokenizers.LOSSLESS))
        .containsExactly(new Piece.TokenRun(new int[] {'a'}));
    assertThat(Pieces.split(new byte[] {(byte) 0xFF}, FakeTokenizers.LOSSLESS))
        .containsExactly(new Piece.RawBytes(new byte[] {(byte) 0xFF}));
  }

  @Test
  void randomBytesStayInOneRawPiece() {
    byte[] bytes = new byte[1_000_000];
    new Random(1).nextBytes(bytes);

    assertThat(Pieces.split(bytes, FakeTokenizers.LOSSLESS))
        .containsExactly(new Piece.RawBytes(bytes));
  }

  @Test
  void aTextCutInsideACharacterKeepsAllButTheCutCharacter() {
    byte[] text = LINE.repeat(10).getBytes(UTF_8);
    int cut = text.length - 3;

    List<Piece> pieces = Pieces.split(Arrays.copyOf(text, cut), FakeTokenizers.LOSSLESS);

    assertThat(pieces).hasSize(2);
    assertThat(rawBytes(pieces)).isEqualTo(2);
  }

  @Test
  void oneBadCharacterInAMegabyteCostsAtMostItsWord() {
    String half = LINE.repeat(8_000);
    byte[] bytes = (half + "An unlucky#word here.\n" + half).getBytes(UTF_8);
    Counting tokenizer = new Counting(FakeTokenizers.codePoints(text -> text.replace("#", "")));

    List<Piece> pieces = Pieces.split(bytes, tokenizer);

    assertThat(Pieces.join(pieces, tokenizer)).isEqualTo(bytes);
    assertThat(pieces).hasSize(3);
    assertThat(rawBytes(pieces)).isLessThan(32);
    assertThat(tokenizer.encoded).isLessThan(4L * bytes.length);
  }

  @Test
  void aTextThatSurvivesNowhereIsRawAtTheCostOfAFewPasses() {
    byte[] bytes = LINE.repeat(20_000).getBytes(UTF_8);
    Counting tokenizer = new Counting(FakeTokenizers.codePoints(text -> text + "!"));

    List<Piece> pieces = Pieces.split(bytes, tokenizer);

    assertThat(pieces).containsExactly(new Piece.RawBytes(bytes));
    assertThat(tokenizer.encoded).isLessThan(7L * bytes.length);
  }

  @Test
  void partsThatSurviveOnlyApartComeToAnEnd() {
    byte[] bytes = LINE.repeat(20_000).getBytes(UTF_8);
    Counting tokenizer =
        new Counting(FakeTokenizers.codePoints(text -> text.length() > 60 ? text + "!" : text));

    List<Piece> pieces = Pieces.split(bytes, tokenizer);

    assertThat(Pieces.join(pieces, tokenizer)).isEqualTo(bytes);
    assertThat(tokenizer.encoded).isLessThan(25L * bytes.length);
  }

  @Test
  void cutsCoverTheTextInOrderAndPreferLines() {
    byte[] bytes = "one two\nthree four\nfive six\nseven".getBytes(UTF_8);

    int[] ends = Cuts.ends(bytes, 0, bytes.length, 2);

    assertThat(ends).containsExactly(19, bytes.length);
  }

  private static int rawBytes(List<Piece> pieces) {
    return pieces.stream()
        .mapToInt(piece -> piece instanceof Piece.RawBytes raw ? raw.bytes().length : 0)
        .sum();
  }

  /** Counts the UTF-8 bytes that were encoded, a measure of work that no clock disturbs. */
  private static final class Counting implements TextTokenizer {
    private final TextTokenizer tokenizer;
    private long encoded;

    Counting(TextTokenizer tokenizer) {
      this.tokenizer = tokenizer;
    }

    @Override
    public int[] encode(String text) {
      encoded += text.getBytes(UTF_8).length;
      return tokenizer.encode(text);
    }

    @Override
    public String decode(int[] tokens) {
      return tokenizer.decode(tokens);
    }
  }
}
