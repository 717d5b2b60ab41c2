package dev.cram.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextBlocksTest {
  private static final String LINE =
      "The quick brown fox jumps over the lazy dog, \u00e9 \u4F60.\n";

  @Test
  void aLongTextBecomesBlocksCutAtLines() {
    byte[] bytes = LINE.repeat(20_000).getBytes(UTF_8);

    List<Piece> pieces = pieces(bytes);

    assertThat(Pieces.join(pieces, FakeTokenizers.LOSSLESS)).isEqualTo(bytes);
    assertThat(pieces).hasSizeBetween(4, 8);
    for (Piece piece : pieces) {
      String text = FakeTokenizers.LOSSLESS.decode(((Piece.TokenRun) piece).tokens());
      assertThat(text.getBytes(UTF_8).length).isLessThanOrEqualTo(TextBlocks.MAX_BLOCK_BYTES);
      assertThat(text).endsWith("\n");
    }
  }

  @Test
  void aLongTextWithoutBlanksIsCutBetweenCharacters() {
    byte[] bytes = "\uD83D\uDE80".repeat(200_000).getBytes(UTF_8);

    List<Piece> pieces = pieces(bytes);

    assertThat(pieces).hasOnlyElementsOfType(Piece.TokenRun.class);
    assertThat(Pieces.join(pieces, FakeTokenizers.LOSSLESS)).isEqualTo(bytes);
  }

  @Test
  void bytesOfAnyKindComeBack() {
    Random random = new Random(1);
    byte[] bytes = new byte[700_000];
    random.nextBytes(bytes);
    // Bytes that could continue a character, but begin none: there is nowhere good to cut.
    for (int i = 100_000; i < 500_000; i++) {
      bytes[i] = (byte) 0x80;
    }

    assertThat(Pieces.join(pieces(bytes), FakeTokenizers.LOSSLESS)).isEqualTo(bytes);
  }

  @Test
  void aFileIsReadPieceByPieceAndMustNotChange(@TempDir Path folder) throws IOException {
    byte[] bytes = LINE.repeat(10_000).getBytes(UTF_8);
    Path file = Files.write(folder.resolve("text"), bytes);
    try (Original original = Original.open(file)) {
      TextBlocks text = new TextBlocks(original, FakeTokenizers.LOSSLESS);

      assertThat(text.size()).isEqualTo(bytes.length);
      assertThat(text.sha256()).isEqualTo(Original.of(bytes).sha256());
      assertThat(text.tokenCount()).isEqualTo(LINE.length() * 10_000);
      text.checkUnchanged();

      bytes[5] ^= 1;
      Files.write(file, bytes);
      assertThatThrownBy(text::checkUnchanged)
          .isInstanceOf(InputException.class)
          .hasMessageContaining("was changed while it was being compressed");
    }
  }

  private static List<Piece> pieces(byte[] bytes) {
    TextBlocks text = new TextBlocks(Original.of(bytes), FakeTokenizers.LOSSLESS);
    List<Piece> pieces = new ArrayList<>();
    for (int block = 0; block < text.count(); block++) {
      pieces.addAll(text.pieces(block));
    }
    return pieces;
  }
}
