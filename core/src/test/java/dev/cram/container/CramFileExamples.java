package dev.cram.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.lm.files.DType;
import dev.cram.lm.files.SafetensorsFile;
import dev.cram.lm.files.SafetensorsWriter;
import dev.cram.lm.files.TensorView;
import dev.cram.tensor.Precision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A small {@code .cram} file, and the same with something in it changed and the checksum right. */
final class CramFileExamples {
  private CramFileExamples() {}

  static final ModelIdentity MODEL = new ModelIdentity("cram-tiny", "ab12cd34ef", "77aa88bb", 3);

  /** Three segments in two runs, raw bytes between them that deflate makes smaller. */
  static CramFile small() {
    Segment first =
        new Segment(
            5,
            1,
            Vectors.of(new float[] {1, -2, 0.5f}),
            List.of(new Patch(0, 9)),
            0.25f,
            100,
            0xFFFF_FFFFL,
            0);
    Segment second =
        new Segment(
            7,
            2,
            Vectors.of(new float[] {1, 2, 3, 4, 5, 6}),
            List.of(new Patch(1, 8), new Patch(6, 0)),
            1.5f,
            40,
            0,
            150);
    Segment third =
        new Segment(
            1,
            1,
            Vectors.of(new float[] {0, 0, 0}),
            List.of(),
            Float.POSITIVE_INFINITY,
            0,
            0x1234_5678L,
            50);
    return CramFile.of(
        MODEL,
        Precision.F32,
        "recipe-a",
        -42,
        new byte[500],
        List.of(
            new Section.Run(List.of(first, second)),
            new Section.Raw(new byte[300]),
            new Section.Run(List.of(third))));
  }

  /** Whether two files say the same, wherever their vectors are. */
  static void assertSame(CramFile actual, CramFile expected) {
    assertThat(actual)
        .usingRecursiveComparison()
        .ignoringFieldsMatchingRegexes(".*vectors")
        .isEqualTo(expected);
    for (int i = 0; i < expected.segments().size(); i++) {
      Vectors vectors = actual.segments().get(i).vectors();
      assertThat(vectors.values()).isEqualTo(expected.segments().get(i).vectors().values());
      assertThat(vectors.scales()).isEqualTo(expected.segments().get(i).vectors().scales());
    }
  }

  static byte[] bytes(CramFile file) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      file.write(out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What a faulty writer might write: tensors and metadata as changed, the checksum correct. */
  static byte[] crafted(
      Consumer<Map<String, TensorView>> tensorChange, Consumer<Map<String, String>> keyChange) {
    SafetensorsFile file = SafetensorsFile.of("", MemorySegment.ofArray(bytes(small())));
    Map<String, TensorView> tensors = new LinkedHashMap<>();
    file.names().forEach(name -> tensors.put(name, file.tensor(name)));
    Map<String, String> metadata = new LinkedHashMap<>(file.metadata());
    tensorChange.accept(tensors);
    keyChange.accept(metadata);
    metadata.put("cram.checksum", "0".repeat(64));
    try {
      byte[] blank = safetensors(tensors, metadata);
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(blank);
      metadata.put("cram.checksum", HexFormat.of().formatHex(digest));
      return safetensors(tensors, metadata);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  static byte[] safetensors(Map<String, TensorView> tensors, Map<String, String> metadata) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      SafetensorsWriter.write(out, new ArrayList<>(tensors.values()), metadata);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static TensorView ints(String name, long[] shape, int... values) {
    ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    data.asIntBuffer().put(values);
    return new TensorView(name, DType.I32, shape, MemorySegment.ofBuffer(data));
  }

  static TensorView longs(String name, long[] shape, long... values) {
    ByteBuffer data = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    data.asLongBuffer().put(values);
    return new TensorView(name, DType.I64, shape, MemorySegment.ofBuffer(data));
  }

  static TensorView floats(String name, long[] shape, float... values) {
    ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(values);
    return new TensorView(name, DType.F32, shape, MemorySegment.ofBuffer(data));
  }
}
