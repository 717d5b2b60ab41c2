package dev.cram.lm.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.cram.lm.InputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Over each of the refused files, or with some text, Hugging Face's tokenizers 0.21.4 panic: in
 * Python that is an exception, in Java the end of the process.
 */
class TokenizerCheckTest {
  private static final String WORDS =
      """
      {"added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"Whitespace"},
      "post_processor":null,"decoder":null,
      "model":{"type":"WordLevel","vocab":{"?":0,"a":1,"x":2},"unk_token":"?"}}
      """;

  private static JsonObject words() {
    return JsonParser.parseString(WORDS).getAsJsonObject();
  }

  private static Tokenizer tokenizer(String json) {
    return Tokenizer.of("tokenizer.json", json.getBytes(UTF_8));
  }

  private static String with(String key, String value) {
    JsonObject changed = words();
    changed.add(key, JsonParser.parseString(value));
    return changed.toString();
  }

  @Test
  void nothingIsAmissToBeginWith() {
    try (Tokenizer tokenizer = tokenizer(WORDS)) {
      assertThat(tokenizer.encode("a x 門")).containsExactly(1, 2, 0);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "decoder | {'type':'Strip','content':'a','start':1,'stop':1} | stop",
        "decoder | {'content':'a','start':0,'stop':3} | stop",
        "decoder | {'type':'Sequence','decoders':[{'type':'Strip','content':'a','start':0,'stop':2}]}"
            + " | stop",
        "pre_tokenizer | {'type':'FixedLength','length':0} | length",
        "normalizer | {'type':'Precompiled'} | precompiled_charsmap",
        "normalizer | {'type':'Precompiled','precompiled_charsmap':'AAAA'} | precompiled_charsmap",
        "normalizer | {'type':'Precompiled','precompiled_charsmap':'#'} | precompiled_charsmap",
        "normalizer | {'type':'Prepend','prepend':''} | prepend",
        "normalizer | {'type':'Sequence','normalizers':[{'type':'Replace','pattern':{'String':''},"
            + "'content':' '}]} | pattern",
        "post_processor | {'type':'TemplateProcessing','single':[{'Sequence':{'id':'B','type_id':0}}],"
            + "'pair':[],'special_tokens':{}} | single",
        "model | {'type':'BPE','continuing_subword_prefix':'##','vocab':{'a':0,'b':1,'ab':2},"
            + "'merges':[['a','b']]} | continuing_subword_prefix",
      })
  void whatTheNativeLibraryDoesNotSurviveIsRefused(String key, String value, String named) {
    String json = with(key, value.replace('\'', '"'));

    assertThatThrownBy(() -> tokenizer(json))
        .isInstanceOf(InputException.class)
        .message()
        .startsWith("tokenizer.json: ")
        .contains(named);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"Fuse\",\"\\ud800\":0}",
        "{\"type\":\"Fuse\",\"x\":1e999}",
        "{\"type\":\"Fuse\",\"x\":\"a\nb\"}",
        "{\"type\":\"Fu\nse\"}",
      })
  void whatIsJsonForSomeReadersOnlyIsRefused(String decoder) {
    String json = WORDS.replace("\"decoder\":null", "\"decoder\":" + decoder);

    assertThatThrownBy(() -> tokenizer(json)).isInstanceOf(InputException.class);
  }

  @Test
  void whatIsNestedTooDeeplyIsRefused() {
    String decoder = "{\"x\":".repeat(130) + "0" + "}".repeat(130);
    String json = WORDS.replace("\"decoder\":null", "\"decoder\":" + decoder);

    assertThatThrownBy(() -> tokenizer(json)).isInstanceOf(InputException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type':'Strip','strip_left':true,'strip_right':true}",
        "{'type':'StripAccents'}",
        "{'type':'Sequence','normalizers':[{'type':'BertNormalizer','clean_text':true,"
            + "'handle_chinese_chars':true,'strip_accents':null,'lowercase':true}]}",
      })
  void anAddedTokenOfWhichNothingMayBeLeftIsRefused(String normalizer) {
    JsonObject json =
        JsonParser.parseString(
                with(
                    "added_tokens",
                    "[{\"id\":3,\"content\":\"\\u0301\",\"single_word\":false,\"lstrip\":false,"
                        + "\"rstrip\":false,\"normalized\":true,\"special\":false}]"))
            .getAsJsonObject();
    json.add("normalizer", JsonParser.parseString(normalizer.replace('\'', '"')));

    assertThatThrownBy(() -> tokenizer(json.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("normalized");
  }

  @Test
  void anAddedTokenThatTakesTheBlanksOfAnotherIsRefused() {
    String json =
        with(
            "added_tokens",
            """
            [{"id":3,"content":" ","single_word":false,"lstrip":true,"rstrip":false,
            "normalized":true,"special":true},{"id":4,"content":"ex","single_word":true,
            "lstrip":false,"rstrip":true,"normalized":true,"special":false}]
            """);

    assertThatThrownBy(() -> tokenizer(json))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("rstrip");
  }

  /** A table with one entry, "X" to "x", that leads where it is told. */
  private static String table(int next, int replacement) {
    ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * 512 + 4).order(ByteOrder.LITTLE_ENDIAN);
    int[] trie = new int[512];
    int entry = 1 ^ 'X';
    trie[0] = 1 << 10;
    trie[entry] = (entry ^ next) << 10 | 1 << 8 | 'X';
    trie[256] = 1 << 31 | replacement;
    bytes.putInt(4 * trie.length);
    IntStream.of(trie).forEach(bytes::putInt);
    bytes.put("x\0é".getBytes(UTF_8));
    return with(
        "normalizer",
        "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\""
            + Base64.getEncoder().encodeToString(bytes.array())
            + "\"}");
  }

  @Test
  void aSoundTableOfReplacementsIsUsed() {
    try (Tokenizer tokenizer = tokenizer(table(256, 0))) {
      assertThat(tokenizer.encode("X a")).containsExactly(2, 1);
    }
  }

  @ParameterizedTest
  @CsvSource({"512, 0", "1024, 0", "256, 3", "256, 5", "256, 1000000"})
  void aTableThatLeadsOutOfItselfOrIntoACharacterIsRefused(int next, int replacement) {
    assertThatThrownBy(() -> tokenizer(table(next, replacement)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("precompiled_charsmap");
  }

  @Test
  void aTextThatTheVocabularyHasNoTokensForIsTold() {
    String json = WORDS.replace("\"unk_token\":\"?\"", "\"unk_token\":\"none\"");
    try (Tokenizer tokenizer = tokenizer(json)) {
      assertThat(tokenizer.encode("a")).containsExactly(1);
      assertThatThrownBy(() -> tokenizer.encode("b"))
          .isInstanceOf(InputException.class)
          .hasMessageStartingWith("tokenizer.json: cannot make tokens");
    }
  }
}
