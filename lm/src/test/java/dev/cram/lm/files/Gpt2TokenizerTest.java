package dev.cram.lm.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import dev.cram.lm.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Gpt2TokenizerTest {
  private static final Path FILES = Path.of("src/test/resources/gpt2_tokenizer");

  @TempDir private Path folder;

  /** The ids are those of {@code AutoTokenizer} in transformers 5.23 on the same files. */
  @Test
  void encodesAsTransformersDoes() {
    try (Tokenizer tokenizer = Tokenizer.of("old files", Gpt2Tokenizer.json(FILES))) {
      String text = "The old man's 17 books, don't you know?\n\n  It rained;  naïve 春天 🎉";
      int[] ids = {
        52, 258, 264, 318, 418, 463, 221, 17, 23, 269, 485, 83, 12, 288, 283, 7, 84, 482, 440, 301,
        31, 199, 199, 221, 285, 84, 334, 362, 275, 27, 221, 295, 65, 128, 108, 306, 221, 163, 247,
        99, 162, 98, 103, 221, 173, 254, 237, 232
      };

      assertThat(tokenizer.encode(text)).isEqualTo(ids);
      assertThat(tokenizer.decode(ids)).isEqualTo(text);
      assertThat(tokenizer.encode("a<|endoftext|>b")).containsExactly(65, 0, 66);
      assertThat(tokenizer.encode("\tx  \r\n y")).containsExactly(198, 88, 221, 221, 202, 199, 350);
      assertThat(tokenizer.vocabularySize()).isEqualTo(512);
    }
  }

  @Test
  void isTheSameEveryTime() {
    assertThat(Gpt2Tokenizer.json(FILES)).isEqualTo(Gpt2Tokenizer.json(FILES));
  }

  @Test
  void refusesATokenizerOfAnotherKind() throws IOException {
    copy("vocab.json");
    copy("merges.txt");
    Files.writeString(
        folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"CLIPTokenizer\"}");

    assertThat(Gpt2Tokenizer.isIn(folder)).isTrue();
    assertThatThrownBy(() -> Gpt2Tokenizer.json(folder))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("tokenizer_class is \"CLIPTokenizer\"")
        .hasMessageContaining("save_pretrained");
  }

  @Test
  void namesALineThatIsNoMerge() throws IOException {
    copy("vocab.json");
    Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\na b\nabc\n");

    assertThatThrownBy(() -> Gpt2Tokenizer.json(folder))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("merges.txt: line 3 is no merge");
  }

  private void copy(String file) throws IOException {
    Files.copy(FILES.resolve(file), folder.resolve(file));
  }
}
