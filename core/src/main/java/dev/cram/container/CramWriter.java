package dev.cram.container;

import dev.cram.lm.files.DType;
import dev.cram.lm.files.SafetensorsWriter;
import dev.cram.lm.files.TensorView;
import dev.cram.tensor.Precision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.security.DigestOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Lays the content of a {@code .cram} file out as tensors and metadata. */
final class CramWriter {
  static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Arena arena;
  private final List<TensorView> tensors = new ArrayList<>();

  private CramWriter(Arena arena) {
    this.arena = arena;
  }

  static void write(CramFile file, OutputStream out) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      CramWriter writer = new CramWriter(arena);
      byte[] raw = rawBytes(file.sections());
      byte[] smaller = RawBytes.deflate(raw);
      writer.addTensors(file, smaller != null ? smaller : raw);
      Map<String, String> metadata =
          metadata(file, smaller != null ? Layout.RAW_ZLIB : Layout.RAW_STORED);

      var blank = new DigestOutputStream(OutputStream.nullOutputStream(), Checksum.sha256());
      SafetensorsWriter.write(blank, writer.tensors, metadata);
      byte[] checksum = blank.getMessageDigest().digest();
      metadata.put(Layout.KEY_CHECKSUM, HexFormat.of().formatHex(checksum));
      SafetensorsWriter.write(out, writer.tensors, metadata);
    }
  }

  static String name(Precision precision) {
    return precision.name().toLowerCase(Locale.ROOT);
  }

  private static Map<String, String> metadata(CramFile file, String rawEncoding) {
    ModelIdentity model = file.model();
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(Layout.KEY_VERSION, Integer.toString(Layout.VERSION));
    metadata.put(Layout.KEY_MODEL, model.modelId());
    metadata.put(Layout.KEY_WEIGHTS, model.weightFingerprint());
    metadata.put(Layout.KEY_TOKENIZER, model.tokenizerFingerprint());
    metadata.put(Layout.KEY_WIDTH, Integer.toString(model.width()));
    metadata.put(Layout.KEY_PRECISION, name(file.precision()));
    metadata.put(Layout.KEY_CONVENTION, Layout.PREDICT_ALL);
    metadata.put(Layout.KEY_RECIPE, file.recipe());
    metadata.put(Layout.KEY_SEED, Long.toString(file.seed()));
    metadata.put(Layout.KEY_ORIGINAL_BYTES, Long.toString(file.originalBytes()));
    metadata.put(Layout.KEY_ORIGINAL_SHA256, file.originalSha256());
    metadata.put(Layout.KEY_RAW_ENCODING, rawEncoding);
    metadata.put(Layout.KEY_CHECKSUM, Checksum.BLANK);
    return metadata;
  }

  private static byte[] rawBytes(List<Section> sections) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (Section section : sections) {
      if (section instanceof Section.Raw raw) {
        bytes.writeBytes(raw.bytes());
      }
    }
    return bytes.toByteArray();
  }

  /** Large elements first, so that every tensor is aligned. Tensors without rows are left out. */
  private void addTensors(CramFile file, byte[] raw) {
    List<Segment> segments = file.segments();
    addPieces(file.sections());
    addVectors(segments, file.model().width());
    addInts(Layout.SEGMENT_TOKENS, segments.stream().mapToInt(Segment::tokenCount).toArray());
    addInts(Layout.SEGMENT_VECTORS, segments.stream().mapToInt(Segment::vectorCount).toArray());
    addInts(Layout.SEGMENT_STEPS, segments.stream().mapToInt(Segment::steps).toArray());
    addMargins(segments);
    addPatches(segments);
    add(Layout.RAW, DType.U8, MemorySegment.ofArray(raw), raw.length);
  }

  private void addPieces(List<Section> sections) {
    MemorySegment data = arena.allocate(16L * sections.size());
    long at = 0;
    for (Section section : sections) {
      long kind =
          switch (section) {
            case Section.Raw raw -> Layout.KIND_RAW;
            case Section.Run run -> Layout.KIND_RUN;
          };
      long count =
          switch (section) {
            case Section.Raw raw -> raw.bytes().length;
            case Section.Run run -> run.segments().size();
          };
      data.set(I64, at, kind);
      data.set(I64, at + 8, count);
      at += 16;
    }
    add(Layout.PIECES, DType.I64, data, sections.size(), 2);
  }

  private void addVectors(List<Segment> segments, int width) {
    long vectors = segments.stream().mapToLong(Segment::vectorCount).sum();
    MemorySegment data = arena.allocate(4 * vectors * width);
    long at = 0;
    for (Segment segment : segments) {
      MemorySegment.copy(segment.vectors(), 0, data, F32, at, segment.vectors().length);
      at += 4L * segment.vectors().length;
    }
    add(Layout.VECTORS, DType.F32, data, vectors, width);
  }

  private void addInts(String name, int[] values) {
    MemorySegment data = arena.allocate(4L * values.length);
    MemorySegment.copy(values, 0, data, I32, 0, values.length);
    add(name, DType.I32, data, values.length);
  }

  private void addMargins(List<Segment> segments) {
    MemorySegment data = arena.allocate(4L * segments.size());
    for (int i = 0; i < segments.size(); i++) {
      data.set(F32, 4L * i, segments.get(i).minMargin());
    }
    add(Layout.SEGMENT_MARGIN, DType.F32, data, segments.size());
  }

  private void addPatches(List<Segment> segments) {
    long patches = segments.stream().mapToLong(segment -> segment.patches().size()).sum();
    MemorySegment data = arena.allocate(12 * patches);
    long at = 0;
    for (int i = 0; i < segments.size(); i++) {
      for (Patch patch : segments.get(i).patches()) {
        data.set(I32, at, i);
        data.set(I32, at + 4, patch.position());
        data.set(I32, at + 8, patch.token());
        at += 12;
      }
    }
    add(Layout.PATCHES, DType.I32, data, patches, 3);
  }

  private void add(String name, DType dtype, MemorySegment data, long... shape) {
    if (shape[0] > 0) {
      tensors.add(new TensorView(name, dtype, shape, data));
    }
  }
}
