package dev.cram.lm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
  private static final Path JSON =
      Path.of("src/main/resources/dev/cram/lm/models/cram-tiny/tokenizer.json");
  private static Tokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    tokenizer = Tokenizer.of("tokenizer.json", Files.readAllBytes(JSON));
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  /** The ids are those of the Python package tokenizers, without special tokens. */
  @Test
  void givesTheIdsThatPythonGives() {
    assertThat(tokenizer.encode("The quick brown fox"))
        .containsExactly(622, 1522, 2863, 275, 79, 88);
    assertThat(tokenizer.encode("naïve 😀 中文\r\n\tx"))
        .containsExactly(
            78, 65, 128, 108, 308, 221, 173, 254, 247, 223, 221, 161, 117, 256, 163, 245, 230, 202,
            199, 198, 88);
    assertThat(tokenizer.encode("<|endoftext|>a")).containsExactly(0, 65);
    assertThat(tokenizer.encode("")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "  leading, trailing  ",
        "Don 't clean up , please .",
        "naïve 😀 中文 العربية",
        "\r\n\t\u0000\ufeff\u2028",
        "<|endoftext|> stays",
        "e\u0301 is not normalised to é"
      })
  void decodesWhatItEncodes(String text) {
    assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
  }

  @Test
  void neitherTruncatesNorWarnsAtAHundredThousandTokens() {
    String text = "the quick brown fox ".repeat(20_000);
    PrintStream stderr = System.err;
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
    try {
      int[] ids = tokenizer.encode(text);
      assertThat(ids).hasSizeGreaterThan(100_000);
      assertThat(tokenizer.decode(ids)).isEqualTo(text);
    } finally {
      System.setErr(stderr);
    }
    assertThat(written.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void ignoresTruncationPaddingAndTemplatesOfTheFile() throws IOException {
    String json =
        Files.readString(JSON)
            .replaceFirst(
                "\"truncation\": null",
                "\"truncation\": {\"direction\":\"Right\",\"max_length\":4,"
                    + "\"strategy\":\"LongestFirst\",\"stride\":0}")
            .replaceFirst(
                "\"padding\": null",
                "\"padding\": {\"strategy\":{\"Fixed\":64},\"direction\":\"Right\","
                    + "\"pad_to_multiple_of\":null,\"pad_id\":0,\"pad_type_id\":0,"
                    + "\"pad_token\":\"<|endoftext|>\"}");
    assertThat(json).contains("max_length", "Fixed");
    try (Tokenizer limited = Tokenizer.of("t", json.getBytes(StandardCharsets.UTF_8))) {
      assertThat(limited.encode("The quick brown fox"))
          .isEqualTo(tokenizer.encode("The quick brown fox"));
    }
  }

  @Test
  void givesTheTextOfSingleTokens() {
    int[] ids = tokenizer.encode("The quick brown fox");
    assertThat(Arrays.stream(ids).mapToObj(tokenizer::token))
        .containsExactly("The", " quick", " brown", " f", "o", "x");
    assertThat(tokenizer.token(0)).isEqualTo("<|endoftext|>");
    assertThat(tokenizer.token(tokenizer.encode("😀")[0])).isEqualTo("\ufffd");
  }

  @Test
  void keepsTheBlankOfASingleTokenWhereTheDecoderDropsTheFirst() {
    String json =
        """
        {"version":"1.0","added_tokens":[{"id":7,"content":"<s>","single_word":false,"lstrip":false,
        "rstrip":false,"normalized":false,"special":true}],"normalizer":null,
        "pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},
        "decoder":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},
        "model":{"type":"Unigram","unk_id":0,"vocab":[["?",0.0],["▁a",-1.0],["b",-2.0]]}}
        """;
    try (Tokenizer metaspace = Tokenizer.of("t", json.getBytes(StandardCharsets.UTF_8))) {
      assertThat(metaspace.encode("ab a")).containsExactly(1, 2, 1);
      assertThat(metaspace.decode(1, 2, 1)).isEqualTo("ab a");
      assertThat(metaspace.token(1)).isEqualTo(" a");
      assertThat(metaspace.token(2)).isEqualTo("b");
      assertThat(metaspace.vocabularySize()).isEqualTo(8);
    }
  }

  @Test
  void countsTheVocabulary() {
    assertThat(tokenizer.vocabularySize()).isEqualTo(4096);
  }

  /** As sha256sum prints it. */
  @Test
  void hasTheDigestOfItsFileAsFingerprint() {
    assertThat(tokenizer.fingerprint())
        .isEqualTo("7ea18dce3014e4f8aa2c41cba236f32b0b89fba9816b4109f4f1906fe67137c2");
  }

  @Test
  void ignoresIdsThatItDoesNotKnow() {
    assertThat(tokenizer.decode(65, 1_000_000, -1, 66)).isEqualTo("ab");
  }

  @Test
  void refusesHalfASurrogatePair() {
    assertThatThrownBy(() -> tokenizer.encode("a\ud800"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void rejectsAVocabularyWithoutAModelThatIsKnown() {
    String json = "{\"model\":{\"type\":\"Other\",\"vocab\":{\"a\":0}}}";
    assertThatThrownBy(() -> Tokenizer.of("t", json.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("t: is no tokenizer.json that can be used (");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{}", "[]", "{", "{\"model\":{}}", "\u0000", "{\"a\":tru{}"})
  void rejectsWhatIsNoTokenizer(String json) {
    assertThatThrownBy(() -> Tokenizer.of("tokenizer.json", json.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("tokenizer.json: ")
        .hasMessageEndingWith("download it again")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }
}
