package dev.cram.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.lm.files.ModelFiles;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tokenizer of the model that ships carries every text as it is. */
class ModelTokenizerTest {
  private static ModelFiles model;
  private static TextTokenizer tokenizer;

  @BeforeAll
  static void open() {
    model = ModelFiles.open(ModelFiles.EMBEDDED);
    tokenizer = TextTokenizer.of(model.tokenizer(), Integer.MAX_VALUE);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "The garden gate stood open.\nNobody had seen who opened it.\n",
        "\u4F60\u597D\uFF0C\u4E16\u754C \u0645\u0631\u062D\u0628\u0627 \uD83D\uDC69\u200D\uD83D\uDE80 e\u0301",
        "int main() {\r\n\treturn 0;   // done\r\n}\r\n",
        "\uFEFFa byte order mark",
        "\uFEFF",
        " ",
        "\0",
        "a text with <|endoftext|> in it <s></s>",
      })
  void aTextIsOneRun(String text) {
    byte[] bytes = text.getBytes(UTF_8);

    List<Piece> pieces = Pieces.split(bytes, tokenizer);

    assertThat(pieces).singleElement().isInstanceOf(Piece.TokenRun.class);
    assertThat(Pieces.join(pieces, tokenizer)).isEqualTo(bytes);
  }

  @Test
  void aRunCutInsideACharacterDecodesAsAWhole() {
    String text = "\uD83D\uDC69\u200D\uD83D\uDE80";
    int[] tokens = tokenizer.encode(text);

    assertThat(tokenizer.decode(Arrays.copyOf(tokens, 2))).contains("\uFFFD");
    assertThat(tokenizer.decode(tokens)).isEqualTo(text);
  }

  @Test
  void aMegabyteIsOneRun() {
    byte[] bytes = "The garden gate stood open.\n".repeat(37_000).getBytes(UTF_8);

    List<Piece> pieces = Pieces.split(bytes, tokenizer);

    assertThat(pieces).singleElement().isInstanceOf(Piece.TokenRun.class);
    assertThat(Pieces.join(pieces, tokenizer)).isEqualTo(bytes);
  }
}
