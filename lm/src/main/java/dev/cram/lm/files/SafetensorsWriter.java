package dev.cram.lm.files;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes safetensors files: what {@link SafetensorsFile} and every other reader of the format open.
 *
 * <p>The same tensors and metadata give the same bytes. The header is padded with blanks so that
 * the data begins at a multiple of 8 bytes; put tensors with large elements first to keep each of
 * them aligned.
 */
public final class SafetensorsWriter {
  private static final int ALIGNMENT = 8;

  private SafetensorsWriter() {}

  /** Writes the data of a tensor. */
  @FunctionalInterface
  public interface Data {
    /** Writes exactly the bytes that the tensor's shape and type take. */
    void writeTo(OutputStream out) throws IOException;
  }

  /** A tensor whose data is made while it is written, so that it need not be in memory. */
  public record Streamed(String name, DType dtype, long[] shape, Data data) {
    long byteSize() {
      long bytes = dtype.bytes();
      for (long size : shape) {
        if (size < 0) {
          throw new IllegalArgumentException(name + ": a dimension of " + size);
        }
        bytes = Math.multiplyExact(bytes, size);
      }
      return bytes;
    }
  }

  /**
   * Writes a whole file, front to back, and does not close {@code out}.
   *
   * @param tensors in the order in which their data is written; the data is little-endian
   * @param metadata free-form texts, written in the order of the map
   * @throws IllegalArgumentException if names occur twice, a name or text is not valid Unicode, the
   *     data of a tensor does not match its shape, or the header exceeds 100,000,000 bytes; nothing
   *     has been written then
   * @throws IOException if {@code out} throws it
   */
  public static void write(OutputStream out, List<TensorView> tensors, Map<String, String> metadata)
      throws IOException {
    for (TensorView tensor : tensors) {
      long bytes = streamed(tensor).byteSize();
      if (bytes != tensor.data().byteSize()) {
        throw new IllegalArgumentException(
            tensor.name() + ": " + tensor.data().byteSize() + " bytes, its shape takes " + bytes);
      }
    }
    writeStreamed(out, tensors.stream().map(SafetensorsWriter::streamed).toList(), metadata);
  }

  private static Streamed streamed(TensorView tensor) {
    return new Streamed(
        tensor.name(), tensor.dtype(), tensor.shape(), out -> writeData(out, tensor.data()));
  }

  /**
   * Writes a whole file as {@link #write} does, asking for the data of one tensor after the other.
   */
  public static void writeStreamed(
      OutputStream out, List<Streamed> tensors, Map<String, String> metadata) throws IOException {
    check(tensors, metadata);
    byte[] json = header(tensors, metadata).getBytes(StandardCharsets.UTF_8);
    int padded = Math.ceilDiv(json.length, ALIGNMENT) * ALIGNMENT;
    if (padded > SafetensorsFile.MAX_HEADER_BYTES) {
      throw new IllegalArgumentException("a safetensors header of " + padded + " bytes");
    }
    byte[] header = Arrays.copyOf(json, padded);
    Arrays.fill(header, json.length, padded, (byte) ' ');
    out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(padded).array());
    out.write(header);
    for (Streamed tensor : tensors) {
      tensor.data().writeTo(out);
    }
    out.flush();
  }

  private static void check(List<Streamed> tensors, Map<String, String> metadata) {
    Set<String> names = new HashSet<>(Set.of(SafetensorsHeader.METADATA));
    for (Streamed tensor : tensors) {
      if (!names.add(tensor.name())) {
        throw new IllegalArgumentException("a second tensor named " + tensor.name());
      }
      checkText(tensor.name());
    }
    metadata.forEach((key, value) -> {
      checkText(key);
      checkText(value);
    });
  }

  private static void checkText(String text) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException("a name or text with half a surrogate pair");
    }
  }

  private static String header(List<Streamed> tensors, Map<String, String> metadata)
      throws IOException {
    StringWriter text = new StringWriter();
    try (JsonWriter json = new JsonWriter(text)) {
      json.setStrictness(Strictness.STRICT);
      json.beginObject();
      if (!metadata.isEmpty()) {
        json.name(SafetensorsHeader.METADATA).beginObject();
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.name(entry.getKey()).value(entry.getValue());
        }
        json.endObject();
      }
      long begin = 0;
      for (Streamed tensor : tensors) {
        long end = begin + tensor.byteSize();
        json.name(tensor.name()).beginObject();
        json.name("dtype").value(tensor.dtype().name());
        json.name("shape").beginArray();
        for (long size : tensor.shape()) {
          json.value(size);
        }
        json.endArray();
        json.name("data_offsets").beginArray().value(begin).value(end).endArray();
        json.endObject();
        begin = end;
      }
      json.endObject();
    }
    return text.toString();
  }

  private static void writeData(OutputStream out, MemorySegment data) throws IOException {
    byte[] buffer = new byte[(int) Math.min(1 << 16, data.byteSize())];
    for (long at = 0; at < data.byteSize(); at += buffer.length) {
      int count = (int) Math.min(buffer.length, data.byteSize() - at);
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, buffer, 0, count);
      out.write(buffer, 0, count);
    }
  }
}
