package dev.cram.lm.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsFileTest {
  @TempDir Path folder;

  @Test
  void readsTensorsAndMetadata() {
    var file =
        parse(
            """
            {"__metadata__":{"format":"pt"},\
            "b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]},\
            "a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}   \
            """,
            11);
    assertThat(file.names()).containsExactly("a", "b");
    assertThat(file.metadata()).containsOnly(java.util.Map.entry("format", "pt"));
    assertThat(file.tensor("a").shape()).containsExactly(1, 2);
    assertThat(file.tensor("a").dtype()).isEqualTo(DType.F32);
    assertThat(file.tensor("b").data().byteSize()).isEqualTo(3);
  }

  @Test
  void readsAFileWithoutTensors() {
    assertThat(parse("{}", 0).names()).isEmpty();
  }

  @Test
  void readsScalarsAndEmptyTensors() {
    var file =
        parse(
            """
            {"scalar":{"dtype":"I32","shape":[],"data_offsets":[0,4]},\
            "none":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]}}\
            """,
            4);
    assertThat(file.tensor("scalar").shape()).isEmpty();
    assertThat(file.tensor("none").data().byteSize()).isZero();
  }

  @Test
  void namesATensorThatIsMissing() {
    assertThatThrownBy(() -> parse("{}", 0).tensor("w\n1"))
        .isInstanceOf(InputException.class)
        .hasMessage("x.safetensors: has no tensor 'w?1'; it holds 0 tensors, but not this one");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7})
  void rejectsAFileShorterThanTheHeaderLength(int size) {
    assertRejected(new byte[size], "has " + size + " bytes", "download it again");
  }

  @ParameterizedTest
  @CsvSource({
    "2147483648, claims a header of 2147483648 bytes",
    "100000001, claims a header of 100000001 bytes",
    "-1, claims a header of 18446744073709551615 bytes",
    "3, 'but only 2 follow; the file is truncated'",
  })
  void rejectsAHeaderLargerThanTheFileOrTheLimit(long headerBytes, String expected) {
    byte[] bytes =
        ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(headerBytes).array();
    assertRejected(bytes, expected, "download it again");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " {}",
        "[]",
        "{",
        "{}}",
        "{} {}",
        "{} x",
        "{}\u0000",
        "{'a':1}",
        "{a:1}",
        "{\"a\":1}",
        "{\"a\":[[[[]]]]}",
        "{\"a\":{}}",
        "{\"a\":null}",
        "{,}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[01],\"data_offsets\":[0,1]}}",
        "{\"__metadata__\":1}",
        "{\"__metadata__\":{\"a\":1}}",
        "{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}",
        "{\"__metadata__\":{},\"__metadata__\":{}}",
        "{\"__metadata__\":{\"a\":\"\\ud800\"}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
            + "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"more\":1}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0,0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[]}}",
      })
  void rejectsAHeaderThatIsNotTheExpectedJson(String header) {
    assertRejected(bytes(header, 0), "download it again");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-1",
        "1.0",
        "1e0",
        "\"1\"",
        "null",
        "9223372036854775808",
        "18446744073709551616",
        "[1]",
        "{}",
        "99999999999999999999999999999999999999999"
      })
  void rejectsSizesThatAreNotWholeNumbers(String size) {
    assertRejected(
        bytes(tensor("F32", size, "0,4"), 4), "x.safetensors: tensor 'w': shape", "download");
    assertRejected(
        bytes(tensor("F32", "1", "0," + size), 4), "tensor 'w': data_offsets", "download");
  }

  @Test
  void rejectsAHeaderThatIsNotUtf8() {
    byte[] bytes = bytes("{\"__metadata__\":{\"a\":\"?\"}}", 0);
    for (int i = 8; i < bytes.length; i++) {
      bytes[i] = bytes[i] == '?' ? (byte) 0xff : bytes[i];
    }
    assertRejected(bytes, "the header is not valid UTF-8");
  }

  @Test
  void rejectsDeepNestingWithoutUsingUpTheStack() {
    assertRejected(bytes("{\"a\":" + "[".repeat(1_000_000), 0), "tensor 'a' is an array");
    assertRejected(bytes("{\"a\":".repeat(1_000_000), 0), "tensor 'a': unknown key 'a'");
  }

  @Test
  void rejectsAnUnknownDType() {
    assertRejected(
        bytes(tensor("F4", "8", "0,4"), 4), "tensor 'w': dtype 'F4' is not supported", "convert");
  }

  @Test
  void rejectsAShapeThatOverflows() {
    assertRejected(
        bytes(tensor("F32", "4294967296,4294967296", "0,0"), 0),
        "shape [4294967296, 4294967296] has more elements than can be counted");
  }

  @Test
  void rejectsAByteCountThatDoesNotFitTheShape() {
    assertRejected(
        bytes(tensor("F32", "2,3", "0,20"), 20),
        "tensor 'w': has 20 bytes, but F32 of shape [2, 3] takes 24");
  }

  @Test
  void rejectsOffsetsThatRunBackwards() {
    assertRejected(bytes(tensor("F32", "1", "4,0"), 4), "data_offsets are [4, 0]");
  }

  @Test
  void rejectsOffsetsBehindTheEndOfTheFile() {
    assertRejected(
        bytes(tensor("F32", "2", "0,8"), 7),
        "tensor 'w': data_offsets [0, 8] end after the 7 bytes of data; the file is truncated");
    assertRejected(
        bytes(tensor("U8", "1", "9223372036854775806,9223372036854775807"), 7),
        "end after the 7 bytes of data");
  }

  @Test
  void rejectsOverlapsAndHoles() {
    String twoTensors =
        """
        {"v":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},\
        "w":{"dtype":"U8","shape":[4],"data_offsets":[%d,%d]}}\
        """;
    assertRejected(
        bytes(twoTensors.formatted(3, 7), 7),
        "tensor 'w': data_offsets [3, 7] overlap the data before, expected to begin at 4");
    assertRejected(bytes(twoTensors.formatted(0, 4), 4), "overlap the data before");
    assertRejected(
        bytes(twoTensors.formatted(5, 9), 9),
        "tensor 'w': data_offsets [5, 9] leave a hole, expected to begin at 4");
    assertRejected(bytes(twoTensors.formatted(4, 8), 9), "has 1 bytes after the last tensor");
  }

  @Test
  void cutsAndCleansNamesInErrors() {
    String name = "\\n\\u001b".repeat(1000);
    String header = "{\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,2]}}";
    assertThatThrownBy(() -> parse(header, 2))
        .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(400));
    assertRejected(bytes(header, 2), "tensor '????");
  }

  @Test
  void rejectsWhatIsNoFile() throws IOException {
    assertThatThrownBy(() -> SafetensorsFile.open(folder.resolve("none")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> SafetensorsFile.open(folder))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is a directory");
    Path empty = Files.createFile(folder.resolve("empty"));
    assertThatThrownBy(() -> SafetensorsFile.open(empty))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("has 0 bytes");
  }

  @Test
  void opensASparseFileWithAHugeHeaderWithoutReadingIt() throws IOException {
    Path huge = folder.resolve("huge.safetensors");
    try (var file = new java.io.RandomAccessFile(huge.toFile(), "rw")) {
      file.setLength(3L << 30);
      file.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(2L << 30).array());
    }
    assertThatThrownBy(() -> SafetensorsFile.open(huge))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("claims a header of 2147483648 bytes");
  }

  @Test
  void mapsAFileUntilItIsClosed() throws IOException {
    Path path = folder.resolve("w.safetensors");
    Files.write(path, bytes(tensor("F32", "1", "0,4"), 4));
    TensorView view;
    try (var file = SafetensorsFile.open(path)) {
      view = file.tensor("w");
      assertThat(view.data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
          .containsExactly(0, 1, 2, 3);
    }
    assertThat(view.data().scope().isAlive()).isFalse();
  }

  static String tensor(String dtype, String shape, String offsets) {
    return "{\"w\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%s]}}"
        .formatted(dtype, shape, offsets);
  }

  /** A file of that header and {@code dataBytes} bytes 0, 1, 2, ... of data. */
  static byte[] bytes(String header, int dataBytes) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json);
    for (int i = 0; i < dataBytes; i++) {
      file.put((byte) i);
    }
    return file.array();
  }

  private static SafetensorsFile parse(String header, int dataBytes) {
    return SafetensorsFile.of("x.safetensors", MemorySegment.ofArray(bytes(header, dataBytes)));
  }

  private static void assertRejected(byte[] bytes, String... parts) {
    assertThatThrownBy(() -> SafetensorsFile.of("x.safetensors", MemorySegment.ofArray(bytes)))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("x.safetensors: ")
        .hasMessageContainingAll(parts)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }
}
