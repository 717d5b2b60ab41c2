package dev.cram.lm.files.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileTest {
  private static final int F32 = 0;
  private static final int Q4_0 = 2;
  private static final int Q2_K = 10;

  @Test
  void readsMetadataAndTensors() {
    try (GgufFile file =
        GgufBytes.header(2, 3)
            .entry("general.architecture", "llama")
            .strings("tokens", "größe", "😀")
            .ints("types", 1, 3)
            .tensor("a", F32, 0, 4, 2)
            .tensor("b", Q4_0, 32, 64, 3)
            .data(32 + 6 * 18)
            .file()) {
      assertThat(file.metadata().requiredString("general.architecture")).isEqualTo("llama");
      assertThat(file.metadata().strings("tokens")).containsExactly("größe", "😀");
      assertThat(file.metadata().ints("types")).containsExactly(1, 3);
      assertThat(file.tensors()).containsOnlyKeys("a", "b");
      assertThat(file.tensors().get("a").shape()).containsExactly(2, 4);
      assertThat(file.tensors().get("b").data().byteSize()).isEqualTo(6 * 18);
    }
  }

  @Test
  void refusesWhatIsNoGguf() {
    assertRefused(() -> new GgufBytes().raw("PK  and so on and so forth").file(), "is no GGUF");
    assertRefused(() -> new GgufBytes().raw("GGUF").file(), "is no GGUF file");
    assertRefused(() -> new GgufBytes().file(), "is no GGUF file");
  }

  @Test
  void refusesOtherVersions() {
    assertRefused(
        () -> new GgufBytes().raw("GGUF").int32(1).int64(0).int64(0).file(),
        "is GGUF version 1, expected version 2 or 3");
    assertRefused(
        () -> new GgufBytes().raw("GGUF").int32(3 << 24).int64(0).int64(0).file(),
        "is GGUF for big-endian machines");
  }

  @ParameterizedTest
  @ValueSource(longs = {100, 1L << 40, Long.MAX_VALUE, -1})
  void refusesCountsThatTheFileCannotHold(long count) {
    assertRefused(
        () -> GgufBytes.header(count, 0).file(),
        "claims " + Long.toUnsignedString(count) + " tensors, more than");
    assertRefused(
        () -> GgufBytes.header(0, count).file(),
        "claims " + Long.toUnsignedString(count) + " metadata keys, more than");
    assertRefused(
        () ->
            GgufBytes.header(0, 1)
                .string("k")
                .int32(GgufHeader.ARRAY)
                .int32(GgufHeader.UINT8)
                .int64(count)
                .file(),
        "claims " + Long.toUnsignedString(count) + " elements of k, more than");
  }

  @ParameterizedTest
  @ValueSource(longs = {100, 1L << 40, Long.MAX_VALUE, -1})
  void refusesAStringThatIsLongerThanTheFile(long length) {
    assertRefused(
        () -> GgufBytes.header(0, 1).int64(length).raw("key and more").file(),
        "a metadata key claims " + Long.toUnsignedString(length) + " bytes, but only 12 follow");
  }

  @Test
  void refusesMetadataThatBreakTheFormat() {
    assertRefused(
        () -> GgufBytes.header(0, 2).entry("k", 1).entry("k", 2).file(), "'k' occurs twice");
    assertRefused(
        () -> GgufBytes.header(0, 1).string("k").int32(13).int64(0).file(), "unknown type 13");
    assertRefused(
        () ->
            GgufBytes.header(0, 1)
                .string("k")
                .int32(GgufHeader.ARRAY)
                .int32(GgufHeader.ARRAY)
                .int64(0)
                .file(),
        "'k' nests arrays");
    assertRefused(
        () -> GgufBytes.header(0, 1).entry("general.alignment", 33).file(),
        "general.alignment is 33, expected a power of two");
    assertRefused(() -> GgufBytes.header(0, 1).string("a long key").file(), "ends within");
  }

  @Test
  void refusesTensorsThatOverlap() {
    assertRefused(
        () ->
            GgufBytes.header(2, 0).tensor("a", F32, 32, 16).tensor("b", F32, 0, 9).data(96).file(),
        "tensors 'b' and 'a' overlap");
  }

  @Test
  void refusesTensorsBeyondTheEnd() {
    assertRefused(
        () -> GgufBytes.header(1, 0).tensor("a", F32, 0, 17).data(64).file(),
        "tensor 'a': 68 bytes from 0 end after the 64 bytes of data");
    assertRefused(
        () -> GgufBytes.header(1, 0).tensor("a", F32, 96, 1).data(64).file(),
        "tensor 'a': 4 bytes from 96 end after the 64 bytes of data");
    assertRefused(
        () -> GgufBytes.header(1, 0).tensor("a", F32, 0, 1).file(),
        "tensor 'a': 4 bytes from 0 end after the 0 bytes of data");
  }

  @Test
  void refusesTensorsAtOddPlaces() {
    assertRefused(
        () -> GgufBytes.header(1, 0).tensor("a", F32, 8, 4).data(64).file(),
        "tensor 'a': begins at 8, expected a multiple of 32");
    assertRefused(
        () -> GgufBytes.header(1, 0).tensor("a", F32, -32, 4).data(64).file(),
        "tensor 'a': begins at 18446744073709551584, expected");
  }

  @Test
  void refusesShapesThatCannotBe() {
    assertRefused(
        () -> GgufBytes.header(1, 0).tensor("a", F32, 0, 1L << 40, 1L << 40).data(64).file(),
        "more than can be counted");
    assertRefused(
        () -> GgufBytes.header(1, 0).tensor("a", F32, 0, 8, 1L << 59).data(64).file(),
        "more than can be counted");
    assertRefused(
        () -> GgufBytes.header(1, 0).tensor("a", F32, 0, 0).data(64).file(), "has shape [0]");
    assertRefused(
        () -> GgufBytes.header(1, 0).tensor("a", F32, 0, 1, 1, 1, 1, 1).data(64).file(),
        "has 5 dimensions, expected 1 to 4");
    assertRefused(
        () -> GgufBytes.header(1, 0).tensor("a", Q4_0, 0, 48).data(64).file(),
        "has rows of 48 elements, expected a multiple of 32 for Q4_0");
    assertRefused(
        () -> GgufBytes.header(2, 0).tensor("a", F32, 0, 1).tensor("a", F32, 32, 1).data(64).file(),
        "tensor 'a' is described twice");
  }

  @Test
  void namesAFormatThatIsNotSupportedAndThoseThatAre() {
    assertRefused(
        () -> GgufBytes.header(1, 0).tensor("a", Q2_K, 0, 256).data(84).file(),
        "tensor 'a': is Q2_K; supported are BF16, F16, F32, Q4_0, Q4_1, Q4_K, Q5_0, Q5_1, Q5_K,"
            + " Q6_K, Q8_0; use another quantisation");
    assertRefused(
        () -> GgufBytes.header(1, 0).tensor("a", 77, 0, 256).data(84).file(),
        "tensor 'a': is an unknown type (number 77); supported are");
  }

  static void assertRefused(Supplier<?> open, String message) {
    assertThatThrownBy(open::get)
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("model.gguf: ")
        .hasMessageContaining(message)
        .message()
        .hasLineCount(1)
        .hasSizeLessThan(500);
  }
}
