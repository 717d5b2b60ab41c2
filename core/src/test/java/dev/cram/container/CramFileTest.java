package dev.cram.container;

import static dev.cram.container.CramFileExamples.MODEL;
import static dev.cram.container.CramFileExamples.assertSame;
import static dev.cram.container.CramFileExamples.bytes;
import static dev.cram.container.CramFileExamples.crafted;
import static dev.cram.container.CramFileExamples.floats;
import static dev.cram.container.CramFileExamples.ints;
import static dev.cram.container.CramFileExamples.longs;
import static dev.cram.container.CramFileExamples.small;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import dev.cram.lm.files.SafetensorsFile;
import dev.cram.lm.files.TensorView;
import dev.cram.tensor.Precision;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CramFileTest {
  @TempDir Path folder;

  @Test
  void readsFromDiskWhatItWrote() {
    Path path = folder.resolve("small.cram");

    small().write(path);

    assertSame(CramFile.read(path), small());
  }

  @Test
  void isASafetensorsFileWithTheVectorsInOneTensor() {
    SafetensorsFile file = SafetensorsFile.of("x", MemorySegment.ofArray(bytes(small())));

    assertThat(file.names())
        .containsExactly(
            "pieces",
            "vectors",
            "segment.margin",
            "segment.crc32",
            "patches",
            "segment.tokens",
            "segment.steps",
            "segment.bytes",
            "segment.vectors",
            "raw");
    assertThat(file.tensor("vectors").shape()).containsExactly(4, 3);
    assertThat(file.metadata()).containsEntry("cram.convention", "predict-all");
  }

  /** The file is written by write_python_cram.py beside it. */
  @Test
  void readsAFileThatPythonWrote() throws IOException {
    byte[] raw = new byte[256];
    for (int i = 0; i < raw.length; i++) {
      raw[i] = (byte) i;
    }
    byte[] original = new byte[300];
    Arrays.fill(original, 0, 40, (byte) 'x');
    System.arraycopy(raw, 0, original, 40, 256);
    Arrays.fill(original, 296, 300, (byte) 'y');
    float[] second = {0.375f, 0.5f, 0.625f, 0.75f, 0.875f, 1};
    CramFile expected =
        CramFile.of(
            new ModelIdentity("mod\u00e8le", "ab", "cd", 3),
            Precision.BF16,
            "",
            Long.MIN_VALUE,
            original,
            List.of(
                new Section.Run(
                    List.of(
                        new Segment(
                            10,
                            1,
                            new float[] {0, 0.125f, 0.25f},
                            List.of(new Patch(9, 4095)),
                            0.5f,
                            7),
                        new Segment(5, 2, second, List.of(), 0, 0))),
                new Section.Raw(raw),
                new Section.Run(
                    List.of(
                        new Segment(
                            2,
                            1,
                            new float[] {1.125f, 1.25f, 1.375f},
                            List.of(new Patch(0, 1), new Patch(1, 0)),
                            Float.POSITIVE_INFINITY,
                            900)))));

    byte[] python = CramFileTest.class.getResourceAsStream("python.cram").readAllBytes();

    assertSame(CramFile.read("python.cram", python), expected);
  }

  /** The file is written by write_python_cram.py beside it, too. */
  @Test
  void readsSmallVectorsAndCountsThatPythonWrote() throws IOException {
    byte[] python = CramFileTest.class.getResourceAsStream("small.cram").readAllBytes();
    CramFile file = CramFile.read("small.cram", python);

    assertThat(file.vectorBits()).isEqualTo(3);
    assertThat(file.verified()).isEqualTo(new Conditions("python", "none", 0));
    List<Segment> segments = file.segments();
    assertThat(segments).extracting(Segment::tokenCount).containsExactly(3, 300);
    assertThat(segments).extracting(Segment::vectorCount).containsExactly(1, 1);
    assertThat(segments).extracting(Segment::steps).containsExactly(7, 200);
    assertThat(segments).extracting(Segment::bytes).containsExactly(4, 5);
    assertThat(segments.getFirst().vectors().values()).containsExactly(-3.5f, 3.5f, 1.5f);
    assertThat(segments.getLast().vectors().values()).containsExactly(-0.25f, 0.25f, 1.25f);
    assertThat(segments.getFirst().isOf(new int[] {1, 2, 70_000})).isTrue();
    assertThat(segments.getFirst().isOf(new int[] {1, 2, 70_001})).isFalse();
    int[] same = new int[300];
    Arrays.fill(same, 4095);
    assertThat(segments.getLast().isOf(same)).isTrue();
  }

  @Test
  void anEmptyOriginalHasNoTensors() {
    CramFile empty = CramFile.of(MODEL, Precision.BF16, "", 0, new byte[0], List.of());

    byte[] bytes = bytes(empty);

    assertThat(SafetensorsFile.of("x", MemorySegment.ofArray(bytes)).names()).isEmpty();
    assertSame(CramFile.read("x", bytes), empty);
  }

  @Test
  void storesRandomBytesAsTheyAre() {
    byte[] random = new byte[1000];
    new Random(1).nextBytes(random);
    CramFile file =
        CramFile.of(MODEL, Precision.F32, "", 0, random, List.of(new Section.Raw(random)));

    byte[] bytes = bytes(file);

    SafetensorsFile tensors = SafetensorsFile.of("x", MemorySegment.ofArray(bytes));
    assertThat(tensors.metadata()).containsEntry("cram.raw_encoding", "stored");
    assertThat(tensors.tensor("raw").data().byteSize()).isEqualTo(1000);
    assertSame(CramFile.read("x", bytes), file);
  }

  @Test
  void deflatesRawBytesWhereThatIsSmaller() {
    byte[] bytes = bytes(small());

    SafetensorsFile tensors = SafetensorsFile.of("x", MemorySegment.ofArray(bytes));
    assertThat(tensors.metadata()).containsEntry("cram.raw_encoding", "zlib");
    assertThat(tensors.tensor("raw").data().byteSize()).isLessThan(30);
  }

  @Test
  void detectsAFlipOfAnyBit() {
    byte[] bytes = bytes(small());
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> CramFile.read("x.cram", bytes))
          .as("bit %d", bit)
          .isInstanceOf(InputException.class)
          .hasMessageStartingWith("x.cram: ");
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
    }
  }

  @Test
  void detectsTruncationAtAnyLength() {
    byte[] bytes = bytes(small());
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> CramFile.read("x.cram", cut))
          .as("%d bytes", length)
          .isInstanceOf(InputException.class);
    }
  }

  @Test
  void detectsBytesAfterTheEnd() {
    byte[] bytes = bytes(small());

    assertRejects(Arrays.copyOf(bytes, bytes.length + 1), "damaged or cut short", "get it again");
  }

  @Test
  void saysThatAFileIsTruncated() {
    byte[] bytes = bytes(small());

    assertRejects(Arrays.copyOf(bytes, bytes.length - 1), "cut short (tensor 'raw'", "end after");
  }

  @Test
  void rejectsFilesThatAreNoCramFiles() throws IOException {
    Path missing = folder.resolve("missing.cram");
    Path empty = Files.createFile(folder.resolve("empty.cram"));
    Path text = Files.writeString(folder.resolve("text.cram"), "Once upon a time.\n".repeat(9));
    Path other = folder.resolve("other.safetensors");
    Files.write(
        other,
        CramFileExamples.safetensors(
            Map.of("vectors", floats("vectors", new long[] {1, 3}, 1, 2, 3)), Map.of()));

    assertRejects(missing, "no such file", "expected a .cram file");
    assertRejects(folder, "is a directory", "expected a .cram file");
    assertRejects(empty, "is empty", "expected a .cram file");
    assertRejects(text, "is not a .cram file", "expected a file that was written by cram");
    assertRejects(other, "is not a .cram file", "expected a file that was written by cram");
  }

  @Test
  void rejectsAFutureVersionAndSaysWhichOneItReads() {
    assertRejects(
        withKey("cram.version", "3"), "format version 3", "versions up to 2", "newer version");
  }

  @Test
  void rejectsValuesThatItDoesNotKnow() {
    assertRejects(withKey("cram.convention", "given-first"), "expected predict-all");
    assertRejects(withKey("cram.precision", "f16"), "expected f32 or bf16");
    assertRejects(withKey("cram.raw_encoding", "lzma"), "expected stored or zlib");
    assertRejects(withKey("cram.seed", "+1"), "expected a whole number");
    assertRejects(withKey("cram.original_bytes", "-1"), "-1 bytes");
    assertRejects(withKey("cram.original_sha256", "ABC"), "64 lower-case hexadecimal");
    assertRejects(withKey("cram.width", "99999999999"), "cram.width is 99999999999");
    assertRejects(withKey("cram.width", "4"), "vectors is F32 of shape [4, 3]", "[rows, 4]");
    assertRejects(withKey("cram.model", " "), "without a name");
    assertRejects(crafted(tensors -> {}, keys -> keys.remove("cram.recipe")), "cram.recipe");
  }

  @Test
  void ignoresKeysAndTensorsThatItDoesNotKnow() {
    byte[] bytes =
        crafted(
            tensors -> tensors.put("extra", ints("extra", new long[] {2}, 1, 2)),
            keys -> keys.put("note", "hello"));

    assertSame(CramFile.read("x", bytes), small());
  }

  @Test
  void rejectsCountsThatContradictEachOther() {
    assertRejects(with(ints("segment.tokens", new long[] {2}, 5, 7)), "same number");
    assertRejects(with(ints("segment.vectors", new long[] {3}, 1, 2, 2)), "have 5 vectors", "4");
    assertRejects(with(ints("segment.vectors", new long[] {3}, 1, 3, 0)), "at least 1");
    assertRejects(with(ints("segment.vectors", new long[] {3}, 5, -2, 1)), "at least 1");
    assertRejects(with(ints("segment.tokens", new long[] {3}, 5, -7, 1)), "-7 tokens");
    assertRejects(
        with(ints("segment.tokens", new long[] {3}, 5, Integer.MAX_VALUE, 1)), "1 to 1048576");
    assertRejects(with(ints("segment.steps", new long[] {3}, 5, -1, 1)), "-1 steps");
    assertRejects(
        crafted(
            tensors -> {
              tensors.put("segment.crc32", ints("segment.crc32", new long[] {3}, 1, 2, 3));
              tensors.put("segment.bytes", ints("segment.bytes", new long[] {3}, 5, -1, 4));
            },
            keys -> {}),
        "-1 bytes");
    assertRejects(with(pieces(1, 2, 0, 300)), "have 2 segments", "3");
    assertRejects(with(pieces(1, 2, 0, 300, 1, 2)), "run of 2 segments", "only 1");
    assertRejects(with(pieces(1, 2, 0, 299, 1, 1)), "299 raw bytes");
    assertRejects(with(pieces(1, 2, 0, 301, 1, 1)), "301 raw bytes");
    assertRejects(with(pieces(1, 2, 0, 501, 1, 1)), "original of 500");
    assertRejects(with(pieces(1, 2, 0, -300, 1, 1)), "a piece of -300 bytes");
    assertRejects(with(pieces(1, 2, 7, 300, 1, 1)), "kind 7");
    assertRejects(
        crafted(tensors -> tensors.remove("vectors"), keys -> {}), "have 4 vectors", "has 0");
    assertRejects(crafted(tensors -> tensors.remove("pieces"), keys -> {}), "0 raw bytes");
  }

  @Test
  void rejectsCountsThatWouldNeedAHugeAllocation() {
    Consumer<Map<String, TensorView>> hugeRaw =
        tensors -> tensors.put("pieces", pieces(1, 2, 0, 2_000_000_000, 1, 1));
    Consumer<Map<String, String>> hugeOriginal =
        keys -> keys.put("cram.original_bytes", "9000000000000000000");

    assertRejects(crafted(hugeRaw, hugeOriginal), "do not give the 2000000000 raw bytes");
    assertRejects(with(pieces(1, 2, 0, Long.MAX_VALUE, 0, Long.MAX_VALUE)), "9223372036854775807");
  }

  @Test
  void rejectsPatchesOutsideOfTheirSegmentOrOutOfOrder() {
    assertRejects(with(patches(0, 5, 1)), "position 5 is outside of its 5 tokens");
    assertRejects(with(patches(0, -1, 1)), "position -1");
    assertRejects(with(patches(0, 1, -1)), "token -1");
    assertRejects(with(patches(3, 0, 1)), "segment 3", "below 3");
    assertRejects(with(patches(-1, 0, 1)), "segment -1");
    assertRejects(with(patches(1, 0, 1, 0, 0, 1)), "segment 0 after one of segment 1");
    assertRejects(with(patches(1, 2, 1, 1, 2, 1)), "position 2 follows one at 2");
  }

  @Test
  void rejectsNumbersThatAreNone() {
    assertRejects(with(floats("segment.margin", new long[] {3}, 1, Float.NaN, 1)), "margin of NaN");
    assertRejects(with(floats("segment.margin", new long[] {3}, 1, -1, 1)), "margin of -1.0");
    assertRejects(
        with(floats("vectors", new long[] {4, 3}, 1, 2, 3, 4, 5, 6, 7, 8, Float.NaN, 10, 11, 12)),
        "NaN",
        "finite");
  }

  @Test
  void rejectsTensorsOfTheWrongTypeOrShape() {
    assertRejects(with(ints("vectors", new long[] {4, 3}, new int[12])), "I32", "expected F32");
    assertRejects(with(floats("vectors", new long[] {12}, new float[12])), "[12]", "[rows, 3]");
    assertRejects(with(ints("patches", new long[] {3, 2}, new int[6])), "[3, 2]", "[rows, 3]");
    assertRejects(with(ints("segment.tokens", new long[] {3, 1}, 5, 7, 1)), "[3, 1]", "[rows]");
  }

  @Test
  void acceptsAModelUnderAnotherNameOnlyWithTheSameFingerprints() {
    CramFile file = small();

    file.check("x.cram", new ModelIdentity("renamed", "ab12cd34ef", "77aa88bb", 3));

    assertThatThrownBy(
            () -> file.check("x.cram", new ModelIdentity("SmolLM2", "99", "77aa88bb", 3)))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll("x.cram: was made with model cram-tiny", "ab12", "SmolLM2", "99");
    assertThatThrownBy(
            () -> file.check("x.cram", new ModelIdentity("cram-tiny", "ab12cd34ef", "55", 3)))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll("tokenizer", "77aa88bb", "55");
  }

  @Test
  void acceptsAsRestoredOnlyTheOriginal() {
    small().checkRestored("x.cram", new byte[500]);

    byte[] other = new byte[500];
    other[499] = 1;
    for (byte[] wrong : List.of(other, new byte[499])) {
      assertThatThrownBy(() -> small().checkRestored("x.cram", wrong))
          .isInstanceOf(InputException.class)
          .hasMessageContainingAll("x.cram: ", wrong.length + " bytes", "f32");
    }
  }

  @Test
  void aFailedWriteLeavesTheExistingFile() throws IOException {
    Path path = Files.writeString(folder.resolve("precious.cram"), "precious", UTF_8);

    assertThatThrownBy(() ->
            AtomicFile.write(
                path,
                out -> {
                  out.write(1);
                  throw new IOException("No space left on device");
                }))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll("precious.cram: cannot be written", "No space left on device");

    assertThat(path).hasContent("precious");
    assertThat(folder.toFile().list()).containsExactly("precious.cram");
  }

  private static byte[] with(TensorView tensor) {
    return crafted(tensors -> tensors.put(tensor.name(), tensor), keys -> {});
  }

  private static byte[] withKey(String key, String value) {
    return crafted(tensors -> {}, keys -> keys.put(key, value));
  }

  private static TensorView pieces(long... values) {
    return longs("pieces", new long[] {values.length / 2, 2}, values);
  }

  private static TensorView patches(int... values) {
    return ints("patches", new long[] {values.length / 3, 3}, values);
  }

  private static void assertRejects(byte[] bytes, String... parts) {
    assertThatThrownBy(() -> CramFile.read("x.cram", bytes))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("x.cram: ")
        .hasMessageContainingAll(parts);
  }

  private static void assertRejects(Path path, String... parts) {
    assertThatThrownBy(() -> CramFile.read(path))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(path + ": ")
        .hasMessageContainingAll(parts);
  }
}
