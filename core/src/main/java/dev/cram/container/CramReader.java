package dev.cram.container;

import dev.cram.lm.InputException;
import dev.cram.lm.files.DType;
import dev.cram.lm.files.SafetensorsFile;
import dev.cram.lm.files.TensorView;
import dev.cram.tensor.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Reads a {@code .cram} file: first what it is, then its version, then whether it is undamaged, and
 * only then what is in it.
 *
 * <p>Whatever a file claims, no more memory is allocated than its own size accounts for (raw bytes:
 * the 1032-fold, the most that deflate can reach).
 */
final class CramReader {
  /** The header of a {@code .cram} file says within this many bytes that it is one. */
  private static final int MARK_WITHIN_BYTES = 1 << 20;

  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private final String name;
  private final boolean salvage;
  private final long maxOriginalBytes;
  private boolean undamaged;
  private int version;
  private Map<String, String> metadata;
  private SafetensorsFile tensors;

  /**
   * @param salvage whether to read what can be read of a damaged file: checksums are not compared,
   *     and vectors that no file should hold are replaced by others, which will not decode
   * @param maxOriginalBytes the largest original that is accepted
   */
  CramReader(String name, boolean salvage, long maxOriginalBytes) {
    this.name = name;
    this.salvage = salvage;
    this.maxOriginalBytes = maxOriginalBytes;
  }

  /** Whether the file's checksum was right, once it has been read. */
  boolean undamaged() {
    return undamaged;
  }

  CramFile read(MemorySegment bytes) {
    requireMark(bytes);
    try {
      tensors = SafetensorsFile.of(name, bytes);
    } catch (InputException e) {
      throw new InputException(
          name + ": the .cram file is damaged or cut short (" + fault(e) + "); get it again", e);
    }
    metadata = tensors.metadata();
    requireVersion();
    requireUndamaged(bytes);
    try {
      return content();
    } catch (IllegalArgumentException e) {
      throw broken(e.getMessage());
    }
  }

  private void requireMark(MemorySegment bytes) {
    if (bytes.byteSize() == 0) {
      throw new InputException(name + ": is empty; expected a .cram file");
    }
    byte[] start =
        bytes
            .asSlice(0, Math.min(bytes.byteSize(), MARK_WITHIN_BYTES))
            .toArray(ValueLayout.JAVA_BYTE);
    String text = new String(start, StandardCharsets.ISO_8859_1);
    if (!text.contains('"' + Layout.KEY_VERSION + '"')) {
      throw new InputException(
          name
              + ": is not a .cram file, or its first bytes are damaged"
              + "; expected a file that was written by cram compress");
    }
  }

  private void requireVersion() {
    String version = metadata.get(Layout.KEY_VERSION);
    if (version == null || !version.matches("[1-9][0-9]{0,8}")) {
      throw new InputException(
          name
              + ": the .cram file is damaged ("
              + Layout.KEY_VERSION
              + " is "
              + (version == null ? "missing" : "'" + version + "'")
              + "); get it again");
    }
    this.version = Integer.parseInt(version);
    if (this.version > Layout.VERSION) {
      throw new InputException(
          name
              + ": has format version "
              + version
              + ", this program reads versions up to "
              + Layout.VERSION
              + "; use a newer version of cram");
    }
  }

  private void requireUndamaged(MemorySegment bytes) {
    long dataBytes = 0;
    for (String tensor : tensors.names()) {
      dataBytes += tensors.tensor(tensor).data().byteSize();
    }
    String checksum = metadata.getOrDefault(Layout.KEY_CHECKSUM, "");
    undamaged = Checksum.matches(bytes, bytes.byteSize() - dataBytes, checksum);
    if (!undamaged && !salvage) {
      throw new InputException(
          name + ": the .cram file is damaged (its checksum does not match); get it again");
    }
  }

  private CramFile content() {
    requireValue(Layout.KEY_CONVENTION, Layout.PREDICT_ALL);
    long width = number(Layout.KEY_WIDTH);
    require(width >= 1 && width <= Integer.MAX_VALUE, Layout.KEY_WIDTH + " is " + width);
    ModelIdentity model =
        new ModelIdentity(
            value(Layout.KEY_MODEL),
            value(Layout.KEY_WEIGHTS),
            value(Layout.KEY_TOKENIZER),
            (int) width);
    long originalBytes = number(Layout.KEY_ORIGINAL_BYTES);
    if (originalBytes > maxOriginalBytes) {
      throw new InputException(
          name
              + ": holds an original of "
              + originalBytes
              + " bytes, more than the "
              + maxOriginalBytes
              + " that are accepted here; use cram decompress");
    }
    long bitsOfFile = version == 1 ? Grid.FLOAT_BITS : number(Layout.KEY_VECTOR_BITS);
    int bits = (int) Math.clamp(bitsOfFile, 0, Byte.MAX_VALUE);
    require(
        bits == bitsOfFile && Grid.supports(bits),
        Layout.KEY_VECTOR_BITS + " is " + bitsOfFile + ", expected 3, 4, 6, 8, 16 or 32");
    return new CramFile(
        model,
        precision(),
        value(Layout.KEY_RECIPE),
        number(Layout.KEY_SEED),
        bits,
        version == 1 ? Conditions.UNKNOWN : conditions(),
        originalBytes,
        value(Layout.KEY_ORIGINAL_SHA256),
        sections(segments((int) width, bits), originalBytes));
  }

  private Conditions conditions() {
    return new Conditions(
        value(Layout.KEY_VERIFIED_PROGRAM),
        value(Layout.KEY_VERIFIED_KERNELS),
        (int) Math.clamp(number(Layout.KEY_VERIFIED_LANES), 0, Short.MAX_VALUE));
  }

  private List<Segment> segments(int width, int bits) {
    int[] tokens = counts(Layout.SEGMENT_TOKENS);
    int[] vectorCounts = ones(tokens.length);
    if (version == 1 || has(Layout.SEGMENT_VECTORS)) {
      vectorCounts = counts(Layout.SEGMENT_VECTORS);
    }
    int[] steps = counts(Layout.SEGMENT_STEPS);
    float[] margins = small(Layout.SEGMENT_MARGIN, DType.F32).toArray(CramWriter.F32);
    require(
        tokens.length == vectorCounts.length
            && tokens.length == steps.length
            && tokens.length == margins.length,
        "the segment tensors have "
            + tokens.length
            + ", "
            + vectorCounts.length
            + ", "
            + steps.length
            + " and "
            + margins.length
            + " rows, expected the same number");
    boolean recorded = version > 1 && (has(Layout.SEGMENT_CRC32) || has(Layout.SEGMENT_BYTES));
    int[] crcs = recorded ? ints(Layout.SEGMENT_CRC32) : null;
    int[] bytes = recorded ? counts(Layout.SEGMENT_BYTES) : null;
    require(
        !recorded || (crcs.length == tokens.length && bytes.length == tokens.length),
        "the tensors "
            + Layout.SEGMENT_CRC32
            + " and "
            + Layout.SEGMENT_BYTES
            + " have other numbers of rows than there are segments");
    boolean floats = bits == Grid.FLOAT_BITS;
    long rowBytes = floats ? 4L * width : Grid.packedBytes(width, bits);
    String tensor = floats ? Layout.VECTORS : Layout.PACKED;
    MemorySegment data =
        floats ? data(Layout.VECTORS, DType.F32, width) : data(Layout.PACKED, DType.U8, rowBytes);
    MemorySegment scales = floats ? MemorySegment.NULL : data(Layout.SCALES, DType.BF16);
    long total = 0;
    for (int count : vectorCounts) {
      require(count >= 1, "a segment of " + count + " vectors, expected at least 1");
      total += count;
    }
    require(
        total == data.byteSize() / rowBytes && (floats || 2 * total == scales.byteSize()),
        "the segments have "
            + total
            + " vectors, the tensor "
            + tensor
            + " has "
            + data.byteSize() / rowBytes);
    List<List<Patch>> patches = patches(tokens.length);
    List<Segment> segments = new ArrayList<>(tokens.length);
    long at = 0;
    for (int i = 0; i < tokens.length; i++) {
      int count = vectorCounts[i];
      require((long) count * width <= MAX_ARRAY, "a segment of " + count + " vectors, too many");
      StoredVectors vectors =
          new StoredVectors(
              count * width,
              width,
              bits,
              data.asSlice(at * rowBytes, count * rowBytes),
              floats ? scales : scales.asSlice(2 * at, 2L * count));
      at += count;
      int length = recorded ? bytes[i] : Segment.UNKNOWN;
      require(!recorded || length >= 0, "a segment of " + length + " bytes, expected at least 0");
      String fault = vectors.fault();
      require(fault == null || salvage, fault);
      segments.add(
          new Segment(
              tokens[i],
              count,
              fault == null ? vectors : nothing(count, width, bits),
              patches.get(i),
              margins[i],
              steps[i],
              recorded ? Integer.toUnsignedLong(crcs[i]) : Segment.UNKNOWN,
              length));
    }
    return segments;
  }

  /** Vectors that are all the same, in the place of some that cannot be. */
  private static Vectors nothing(int count, int width, int bits) {
    float[] values = new float[count * width];
    if (bits == Grid.FLOAT_BITS) {
      return Vectors.of(values);
    }
    float[] scales = new float[count];
    Arrays.fill(scales, 1);
    Arrays.fill(values, Grid.value(Grid.code(0, 1, bits), 1, bits));
    return Vectors.of(values, scales);
  }

  private static int[] ones(int count) {
    int[] ones = new int[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  private List<List<Patch>> patches(int segments) {
    int[] rows = ints(Layout.PATCHES, 3);
    List<List<Patch>> patches = new ArrayList<>(segments);
    for (int i = 0; i < segments; i++) {
      patches.add(List.of());
    }
    int previous = 0;
    for (int at = 0; at < rows.length; at += 3) {
      int segment = rows[at];
      require(
          segment >= previous && segment < segments,
          "a patch of segment "
              + segment
              + " after one of segment "
              + previous
              + ", expected rising numbers below "
              + segments);
      if (patches.get(segment).isEmpty()) {
        patches.set(segment, new ArrayList<>(1));
      }
      patches.get(segment).add(new Patch(rows[at + 1], rows[at + 2]));
      previous = segment;
    }
    return patches;
  }

  private List<Section> sections(List<Segment> segments, long originalBytes) {
    long[] pieces = small(Layout.PIECES, DType.I64, 2).toArray(CramWriter.I64);
    int segment = 0;
    long rawBytes = 0;
    for (int at = 0; at < pieces.length; at += 2) {
      long kind = pieces[at];
      long count = pieces[at + 1];
      require(
          kind == Layout.KIND_RAW || kind == Layout.KIND_RUN,
          "a piece of kind " + kind + ", expected 0 or 1");
      require(
          count >= 1 && count <= MAX_ARRAY,
          "a piece of "
              + count
              + (kind == Layout.KIND_RAW ? " bytes" : " segments")
              + ", expected 1 to "
              + MAX_ARRAY);
      rawBytes += kind == Layout.KIND_RAW ? count : 0;
    }
    require(
        rawBytes <= originalBytes,
        rawBytes + " raw bytes in an original of " + originalBytes + " bytes");
    byte[] raw = raw(rawBytes);
    int rawAt = 0;
    List<Section> sections = new ArrayList<>(pieces.length / 2);
    for (int at = 0; at < pieces.length; at += 2) {
      int count = (int) pieces[at + 1];
      if (pieces[at] == Layout.KIND_RAW) {
        sections.add(new Section.Raw(Arrays.copyOfRange(raw, rawAt, rawAt + count)));
        rawAt += count;
      } else {
        require(
            count <= segments.size() - segment,
            "a run of " + count + " segments, only " + (segments.size() - segment) + " are left");
        sections.add(new Section.Run(segments.subList(segment, segment + count)));
        segment += count;
      }
    }
    require(
        segment == segments.size(),
        "the pieces have " + segment + " segments, the segment tensors " + segments.size());
    return sections;
  }

  private byte[] raw(long length) {
    byte[] bytes = small(Layout.RAW, DType.U8).toArray(ValueLayout.JAVA_BYTE);
    String encoding = value(Layout.KEY_RAW_ENCODING);
    byte[] raw =
        switch (encoding) {
          case Layout.RAW_STORED -> bytes.length == length ? bytes : null;
          case Layout.RAW_ZLIB -> RawBytes.inflate(bytes, length);
          default ->
              throw new IllegalArgumentException(
                  Layout.KEY_RAW_ENCODING + " is '" + encoding + "', expected stored or zlib");
        };
    require(
        raw != null,
        bytes.length
            + " bytes in the tensor "
            + Layout.RAW
            + " ("
            + encoding
            + ") do not give the "
            + length
            + " raw bytes of the pieces");
    return raw;
  }

  private Precision precision() {
    String precision = value(Layout.KEY_PRECISION);
    for (Precision known : Precision.values()) {
      if (CramWriter.name(known).equals(precision)) {
        return known;
      }
    }
    throw new IllegalArgumentException(
        Layout.KEY_PRECISION + " is '" + precision + "', expected f32 or bf16");
  }

  private int[] ints(String tensor, long... columns) {
    return small(tensor, DType.I32, columns).toArray(CramWriter.I32);
  }

  /** Numbers of 0 and more, in any of the types that writers choose from. */
  private int[] counts(String tensor) {
    if (version == 1 || !has(tensor)) {
      return ints(tensor);
    }
    DType dtype = tensors.tensor(tensor).dtype();
    return switch (dtype) {
      case U8 -> {
        byte[] bytes = small(tensor, dtype).toArray(ValueLayout.JAVA_BYTE);
        int[] counts = new int[bytes.length];
        Arrays.setAll(counts, i -> bytes[i] & 0xFF);
        yield counts;
      }
      case U16 -> {
        MemorySegment data = small(tensor, dtype);
        int[] counts = new int[(int) (data.byteSize() / 2)];
        Arrays.setAll(counts, i -> data.get(CramWriter.I16, 2L * i) & 0xFFFF);
        yield counts;
      }
      default -> ints(tensor);
    };
  }

  private boolean has(String tensor) {
    return tensors.names().contains(tensor);
  }

  /**
   * The elements of a tensor {@code [rows]}, or {@code [rows, columns]} where columns are given;
   * none if the file has no such tensor.
   */
  private MemorySegment data(String tensor, DType dtype, long... columns) {
    if (!has(tensor)) {
      return MemorySegment.NULL;
    }
    TensorView view = tensors.tensor(tensor);
    long[] shape = view.shape();
    require(
        view.dtype() == dtype
            && shape.length == 1 + columns.length
            && (columns.length == 0 || shape[1] == columns[0]),
        "the tensor "
            + tensor
            + " is "
            + view.dtype()
            + " of shape "
            + Arrays.toString(shape)
            + ", expected "
            + dtype
            + " of shape [rows"
            + (columns.length == 0 ? "]" : ", " + columns[0] + "]"));
    return view.data();
  }

  /** Fails where a tensor, other than the vectors, has more bytes than an array. */
  private MemorySegment small(String tensor, DType dtype, long... columns) {
    MemorySegment data = data(tensor, dtype, columns);
    require(
        data.byteSize() <= MAX_ARRAY,
        "the tensor " + tensor + " has " + data.byteSize() + " bytes, at most " + MAX_ARRAY);
    return data;
  }

  private String value(String key) {
    String value = metadata.get(key);
    require(value != null, "the key " + key + " is missing");
    return value;
  }

  private long number(String key) {
    String value = value(key);
    try {
      long number = Long.parseLong(value);
      if (Long.toString(number).equals(value)) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, together with what parses and is not plain decimal, such as +1 or 01.
    }
    throw new IllegalArgumentException(key + " is '" + value + "', expected a whole number");
  }

  private void requireValue(String key, String expected) {
    require(value(key).equals(expected), key + " is '" + value(key) + "', expected " + expected);
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  private InputException broken(String what) {
    return new InputException(
        name
            + ": breaks the .cram format: "
            + what
            + (undamaged
                ? "; it is undamaged, so the program that wrote it is at fault"
                : "; it is damaged, get it again"));
  }

  /** What a reader of safetensors says, without the file's name and its advice. */
  private String fault(InputException e) {
    String message = e.getMessage();
    String prefix = name + ": ";
    int start = message.startsWith(prefix) ? prefix.length() : 0;
    int end = message.indexOf(';', start);
    return message.substring(start, end < 0 ? message.length() : end);
  }
}
