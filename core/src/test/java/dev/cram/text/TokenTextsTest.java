package dev.cram.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.lm.files.ModelFiles;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class TokenTextsTest {
  @Test
  void aCharacterBelongsToTheLastOfItsTokens() {
    try (ModelFiles model = ModelFiles.open(ModelFiles.EMBEDDED)) {
      TextTokenizer tokenizer = TextTokenizer.of(model.tokenizer(), Integer.MAX_VALUE);
      String text = "The gate, 門開了 \uD83D\uDC69\u200D\uD83D\uDE80.";
      int[] tokens = tokenizer.encode(text);

      List<String> texts = TokenTexts.of(tokenizer, tokens);

      assertThat(texts).hasSize(tokens.length).startsWith("The").contains("門");
      assertThat(String.join("", texts)).isEqualTo(text);
    }
  }

  @Test
  void bytesThatAreNoCharacterAreToldInTheEnd() {
    try (ModelFiles model = ModelFiles.open(ModelFiles.EMBEDDED)) {
      TextTokenizer tokenizer = TextTokenizer.of(model.tokenizer(), Integer.MAX_VALUE);
      int[] tokens = Arrays.copyOf(tokenizer.encode("\uD83D\uDC69\u200D\uD83D\uDE80"), 2);

      assertThat(String.join("", TokenTexts.of(tokenizer, tokens)))
          .isEqualTo(tokenizer.decode(tokens));
    }
  }

  @Property(tries = 200)
  void partsMakeTheTextWhateverTheTokenizerDoes(@ForAll String text) {
    for (TextTokenizer tokenizer : FakeTokenizers.all()) {
      int[] tokens = tokenizer.encode(text);
      if (tokens.length > 0) {
        assertThat(String.join("", TokenTexts.of(tokenizer, tokens)))
            .isEqualTo(tokenizer.decode(tokens));
      }
    }
  }
}
