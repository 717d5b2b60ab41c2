package dev.cram.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class PiecesPropertyTest {

  @Property(tries = 3000)
  void joiningThePiecesGivesTheBytesBack(
      @ForAll("files") byte[] bytes, @ForAll("tokenizers") TextTokenizer tokenizer) {
    List<Piece> pieces = Pieces.split(bytes, tokenizer);

    assertThat(Pieces.join(pieces, tokenizer)).isEqualTo(bytes);
  }

  @Property
  void rawPiecesAreNeverNeighboursAndNoPieceIsEmpty(
      @ForAll("files") byte[] bytes, @ForAll("tokenizers") TextTokenizer tokenizer) {
    boolean afterRaw = false;
    for (Piece piece : Pieces.split(bytes, tokenizer)) {
      switch (piece) {
        case Piece.RawBytes raw -> {
          assertThat(raw.bytes()).isNotEmpty();
          assertThat(afterRaw).isFalse();
          afterRaw = true;
        }
        case Piece.TokenRun run -> {
          assertThat(run.tokens()).isNotEmpty();
          afterRaw = false;
        }
      }
    }
  }

  @Property
  void aTextThatSurvivesIsOneRun(@ForAll("texts") String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);

    List<Piece> pieces = Pieces.split(bytes, FakeTokenizers.LOSSLESS);

    assertThat(pieces)
        .isEqualTo(
            text.isEmpty()
                ? List.of()
                : List.of(new Piece.TokenRun(FakeTokenizers.LOSSLESS.encode(text))));
  }

  @Property
  void validUtf8IsWhatTheJdkDecodes(@ForAll("nearUtf8") byte[] bytes) {
    boolean jdk;
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      jdk = true;
    } catch (CharacterCodingException malformed) {
      jdk = false;
    }

    assertThat(Utf8.validUntil(bytes, 0) == bytes.length).isEqualTo(jdk);
  }

  @Provide
  Arbitrary<TextTokenizer> tokenizers() {
    return Arbitraries.of(FakeTokenizers.all());
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> fragments =
        Arbitraries.oneOf(
            Arbitraries.of(
                "the cat sat on a mat ",
                "the cat",
                " ",
                "\n",
                "\r\n",
                "\t",
                "\0",
                "\uFEFF",
                "<|endoftext|>",
                "e\u0301",
                "\u00e9",
                "\uFB01",
                "\u4F60\u597D\uFF0C\u4E16\u754C",
                "\u0645\u0631\u062D\u0628\u0627",
                "\uD83D\uDC69\u200D\uD83D\uDE80"),
            Arbitraries.strings()
                .ofMaxLength(40)
                .filter(s -> StandardCharsets.UTF_8.newEncoder().canEncode(s)));
    return fragments.list().ofMaxSize(60).map(list -> String.join("", list));
  }

  @Provide
  Arbitrary<byte[]> files() {
    Arbitrary<byte[]> text = texts().map(s -> s.getBytes(StandardCharsets.UTF_8));
    Arbitrary<byte[]> noise = Arbitraries.bytes().array(byte[].class).ofMaxSize(40);
    return Arbitraries.oneOf(
        text, noise, Arbitraries.oneOf(text, noise).list().ofMaxSize(6).map(this::concatenate));
  }

  /** Short and dense in lead and continuation bytes, also at the ends of their ranges. */
  @Provide
  Arbitrary<byte[]> nearUtf8() {
    return Arbitraries.of(
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
            0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF)
        .map(Integer::byteValue)
        .array(byte[].class)
        .ofMaxSize(5);
  }

  private byte[] concatenate(List<byte[]> parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    parts.forEach(all::writeBytes);
    return all.toByteArray();
  }
}
