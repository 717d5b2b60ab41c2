package dev.cram.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import dev.cram.tensor.Precision;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class CramFilePropertyTest {

  @Property(tries = 400)
  void readingGivesBackWhatWasWritten(@ForAll("files") CramFile file) {
    byte[] bytes = CramFileExamples.bytes(file);

    CramFileExamples.assertSame(CramFile.read("x", bytes), file);
  }

  @Property(tries = 400)
  void theSameContentGivesTheSameBytes(@ForAll("files") CramFile file) {
    byte[] bytes = CramFileExamples.bytes(file);

    assertThat(CramFileExamples.bytes(CramFile.read("x", bytes))).isEqualTo(bytes);
  }

  @Property(tries = 400)
  void aFlippedBitIsDetected(
      @ForAll("files") CramFile file, @ForAll @LongRange(min = 0) long where) {
    byte[] bytes = CramFileExamples.bytes(file);
    int bit = (int) (where % (8L * bytes.length));
    bytes[bit / 8] ^= (byte) (1 << bit % 8);

    assertThatThrownBy(() -> CramFile.read("x", bytes)).isInstanceOf(InputException.class);
  }

  @Property(tries = 400)
  void truncationIsDetected(@ForAll("files") CramFile file, @ForAll @IntRange(min = 0) int where) {
    byte[] bytes = CramFileExamples.bytes(file);
    byte[] cut = Arrays.copyOf(bytes, where % bytes.length);

    assertThatThrownBy(() -> CramFile.read("x", cut)).isInstanceOf(InputException.class);
  }

  @Property(tries = 400)
  void anyOtherBytesAreRejected(@ForAll byte[] bytes) {
    assertThatThrownBy(() -> CramFile.read("x", bytes)).isInstanceOf(InputException.class);
  }

  @Property(tries = 400)
  void rawBytesSurviveZlib(@ForAll byte[] bytes, @ForAll @IntRange(max = 3000) int zeros) {
    byte[] padded = Arrays.copyOf(bytes, bytes.length + zeros);

    byte[] deflated = RawBytes.deflate(padded);

    if (deflated != null) {
      assertThat(deflated.length).isLessThan(padded.length);
      assertThat(RawBytes.inflate(deflated, padded.length)).isEqualTo(padded);
      assertThat(RawBytes.inflate(deflated, padded.length - 1)).isNull();
      assertThat(RawBytes.inflate(deflated, padded.length + 1)).isNull();
      assertThat(RawBytes.inflate(Arrays.copyOf(deflated, deflated.length + 1), padded.length))
          .isNull();
      assertThat(RawBytes.inflate(Arrays.copyOf(deflated, deflated.length - 1), padded.length))
          .isNull();
    }
  }

  @Provide
  Arbitrary<CramFile> files() {
    return Arbitraries.integers().between(1, 5).flatMap(this::filesOfWidth);
  }

  private Arbitrary<CramFile> filesOfWidth(int width) {
    Arbitrary<String> text =
        Arbitraries.oneOf(
            Arbitraries.strings().ascii().ofMaxLength(20),
            Arbitraries.of("m\u00f6del", "\"quoted\\", "\u4F60\uD83D\uDE80", "a\nb\u2028"));
    Arbitrary<String> name = text.map(s -> "m" + s);
    Arbitrary<ModelIdentity> model =
        Combinators.combine(name, name, name)
            .as((id, weights, tokenizer) -> new ModelIdentity(id, weights, tokenizer, width));
    Arbitrary<byte[]> bytes =
        Arbitraries.oneOf(
            Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(50),
            Arbitraries.integers().between(1, 500).map(byte[]::new));
    Arbitrary<Section> section =
        Arbitraries.oneOf(
            bytes.map(Section.Raw::new),
            segments(width).list().ofMinSize(1).ofMaxSize(4).map(Section.Run::new));
    return Combinators.combine(
            model,
            Arbitraries.of(Precision.class),
            text,
            Arbitraries.longs(),
            section.list().ofMaxSize(5))
        .as((identity, precision, recipe, seed, sections) ->
            CramFile.of(identity, precision, recipe, seed, original(sections), sections));
  }

  private Arbitrary<Segment> segments(int width) {
    return Combinators.combine(
            Arbitraries.integers().between(1, 200),
            Arbitraries.floats()
                .array(float[].class)
                .ofMaxSize(4 * width)
                .map(values -> Arrays.copyOf(values, (values.length / width + 1) * width)),
            Arbitraries.integers().between(0, 250).set().ofMaxSize(6),
            Arbitraries.oneOf(
                Arbitraries.floats().greaterOrEqual(0), Arbitraries.just(Float.POSITIVE_INFINITY)),
            Arbitraries.integers().greaterOrEqual(0))
        .as((tokens, vectors, positions, margin, steps) -> {
          List<Patch> patches =
              positions.stream()
                  .filter(position -> position < tokens)
                  .sorted()
                  .map(position -> new Patch(position, 3 * position))
                  .toList();
          return new Segment(tokens, vectors.length / width, vectors, patches, margin, steps);
        });
  }

  /** Bytes of a length that the sections can make up; what they are does not matter here. */
  private static byte[] original(List<Section> sections) {
    int length = 0;
    for (Section section : sections) {
      length += section instanceof Section.Raw raw ? raw.bytes().length : 10;
    }
    return new byte[length];
  }
}
