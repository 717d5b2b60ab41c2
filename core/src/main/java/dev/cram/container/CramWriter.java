package dev.cram.container;

import dev.cram.lm.files.DType;
import dev.cram.lm.files.SafetensorsWriter;
import dev.cram.lm.files.Sha256;
import dev.cram.tensor.Precision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.DigestOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Lays the content of a {@code .cram} file out as tensors and metadata. */
final class CramWriter {
  static final ValueLayout.OfShort I16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final List<SafetensorsWriter.Streamed> tensors = new ArrayList<>();

  private CramWriter() {}

  static void write(CramFile file, OutputStream out) throws IOException {
    CramWriter writer = new CramWriter();
    byte[] raw = rawBytes(file.sections());
    byte[] smaller = RawBytes.deflate(raw);
    writer.addTensors(file, smaller != null ? smaller : raw);
    Map<String, String> metadata =
        metadata(file, smaller != null ? Layout.RAW_ZLIB : Layout.RAW_STORED);

    var blank = new DigestOutputStream(OutputStream.nullOutputStream(), Sha256.digest());
    SafetensorsWriter.writeStreamed(blank, writer.tensors, metadata);
    metadata.put(Layout.KEY_CHECKSUM, Sha256.hex(blank.getMessageDigest()));
    SafetensorsWriter.writeStreamed(out, writer.tensors, metadata);
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
    metadata.put(Layout.KEY_VECTOR_BITS, Integer.toString(file.vectorBits()));
    metadata.put(Layout.KEY_VERIFIED_PROGRAM, file.verified().program());
    metadata.put(Layout.KEY_VERIFIED_KERNELS, file.verified().kernels());
    metadata.put(Layout.KEY_VERIFIED_LANES, Integer.toString(file.verified().lanes()));
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
    int width = file.model().width();
    int bits = file.vectorBits();
    addPieces(file.sections());
    if (bits == Grid.FLOAT_BITS) {
      addVectors(segments, width);
    }
    addMargins(segments);
    boolean recorded =
        segments.stream()
            .allMatch(s -> s.crc32() != Segment.UNKNOWN && s.bytes() != Segment.UNKNOWN);
    if (recorded) {
      add(Layout.SEGMENT_CRC32, segments.stream().mapToInt(s -> (int) s.crc32()).toArray());
    }
    addPatches(segments);
    addCounts(Layout.SEGMENT_TOKENS, segments.stream().mapToInt(Segment::tokenCount).toArray());
    addCounts(Layout.SEGMENT_STEPS, segments.stream().mapToInt(Segment::steps).toArray());
    if (recorded) {
      addCounts(Layout.SEGMENT_BYTES, segments.stream().mapToInt(Segment::bytes).toArray());
    }
    if (segments.stream().anyMatch(segment -> segment.vectorCount() != 1)) {
      addCounts(Layout.SEGMENT_VECTORS, segments.stream().mapToInt(Segment::vectorCount).toArray());
    }
    if (bits != Grid.FLOAT_BITS) {
      addScales(segments);
      addPacked(segments, width, bits);
    }
    add(Layout.RAW, DType.U8, out -> out.write(raw), raw.length);
    tensors.sort(Comparator.comparing(tensor -> -tensor.dtype().bytes()));
  }

  private void addPieces(List<Section> sections) {
    ByteBuffer data = buffer(16 * sections.size());
    for (Section section : sections) {
      switch (section) {
        case Section.Raw raw -> data.putLong(Layout.KIND_RAW).putLong(raw.bytes().length);
        case Section.Run run -> data.putLong(Layout.KIND_RUN).putLong(run.segments().size());
      }
    }
    add(Layout.PIECES, DType.I64, out -> out.write(data.array()), sections.size(), 2);
  }

  private void addVectors(List<Segment> segments, int width) {
    SafetensorsWriter.Data data =
        out -> {
          for (Segment segment : segments) {
            float[] values = segment.vectors().values();
            ByteBuffer bytes = buffer(4 * values.length);
            bytes.asFloatBuffer().put(values);
            out.write(bytes.array());
          }
        };
    add(Layout.VECTORS, DType.F32, data, vectorCount(segments), width);
  }

  private void addScales(List<Segment> segments) {
    SafetensorsWriter.Data data =
        out -> {
          for (Segment segment : segments) {
            for (float scale : segment.vectors().scales()) {
              int bits = Float.floatToRawIntBits(scale) >>> 16;
              out.write(bits);
              out.write(bits >>> 8);
            }
          }
        };
    add(Layout.SCALES, DType.BF16, data, vectorCount(segments));
  }

  private void addPacked(List<Segment> segments, int width, int bits) {
    SafetensorsWriter.Data data =
        out -> {
          for (Segment segment : segments) {
            float[] values = segment.vectors().values();
            float[] scales = segment.vectors().scales();
            for (int row = 0; row < segment.vectorCount(); row++) {
              out.write(Grid.pack(values, row * width, width, scales[row], bits));
            }
          }
        };
    add(Layout.PACKED, DType.U8, data, vectorCount(segments), Grid.packedBytes(width, bits));
  }

  private static long vectorCount(List<Segment> segments) {
    return segments.stream().mapToLong(Segment::vectorCount).sum();
  }

  /** Counts in the smallest type that holds them all. */
  private void addCounts(String name, int[] values) {
    int largest = Arrays.stream(values).max().orElse(0);
    DType dtype = largest <= 0xFF ? DType.U8 : largest <= 0xFFFF ? DType.U16 : DType.I32;
    ByteBuffer data = buffer(dtype.bytes() * values.length);
    for (int value : values) {
      switch (dtype) {
        case U8 -> data.put((byte) value);
        case U16 -> data.putShort((short) value);
        default -> data.putInt(value);
      }
    }
    add(name, dtype, out -> out.write(data.array()), values.length);
  }

  private void add(String name, int[] values) {
    ByteBuffer data = buffer(4 * values.length);
    data.asIntBuffer().put(values);
    add(name, DType.I32, out -> out.write(data.array()), values.length);
  }

  private void addMargins(List<Segment> segments) {
    ByteBuffer data = buffer(4 * segments.size());
    segments.forEach(segment -> data.putFloat(segment.minMargin()));
    add(Layout.SEGMENT_MARGIN, DType.F32, out -> out.write(data.array()), segments.size());
  }

  private void addPatches(List<Segment> segments) {
    int patches = segments.stream().mapToInt(segment -> segment.patches().size()).sum();
    ByteBuffer data = buffer(12 * patches);
    for (int i = 0; i < segments.size(); i++) {
      for (Patch patch : segments.get(i).patches()) {
        data.putInt(i).putInt(patch.position()).putInt(patch.token());
      }
    }
    add(Layout.PATCHES, DType.I32, out -> out.write(data.array()), patches, 3);
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void add(String name, DType dtype, SafetensorsWriter.Data data, long... shape) {
    if (shape[0] > 0) {
      tensors.add(new SafetensorsWriter.Streamed(name, dtype, shape, data));
    }
  }
}
