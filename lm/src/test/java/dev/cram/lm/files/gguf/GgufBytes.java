package dev.cram.lm.files.gguf;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes GGUF files field by field, right or wrong. */
final class GgufBytes {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  static GgufBytes header(long tensors, long metadata) {
    return new GgufBytes().raw("GGUF").int32(3).int64(tensors).int64(metadata);
  }

  GgufBytes raw(String ascii) {
    bytes.writeBytes(ascii.getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  GgufBytes int32(int value) {
    bytes.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    return this;
  }

  GgufBytes int64(long value) {
    bytes.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    return this;
  }

  GgufBytes string(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int64(utf8.length);
    bytes.writeBytes(utf8);
    return this;
  }

  GgufBytes entry(String key, String value) {
    return string(key).int32(GgufHeader.STRING).string(value);
  }

  GgufBytes entry(String key, int value) {
    return string(key).int32(GgufHeader.UINT32).int32(value);
  }

  GgufBytes entry(String key, float value) {
    return string(key).int32(GgufHeader.FLOAT32).int32(Float.floatToIntBits(value));
  }

  GgufBytes strings(String key, String... values) {
    string(key).int32(GgufHeader.ARRAY).int32(GgufHeader.STRING).int64(values.length);
    for (String value : values) {
      string(value);
    }
    return this;
  }

  GgufBytes ints(String key, int... values) {
    string(key).int32(GgufHeader.ARRAY).int32(GgufHeader.INT32).int64(values.length);
    for (int value : values) {
      int32(value);
    }
    return this;
  }

  GgufBytes floats(String key, float... values) {
    string(key).int32(GgufHeader.ARRAY).int32(GgufHeader.FLOAT32).int64(values.length);
    for (float value : values) {
      int32(Float.floatToRawIntBits(value));
    }
    return this;
  }

  /** Dimensions in the order of the file: the elements of a row first. */
  GgufBytes tensor(String name, int type, long offset, long... dimensions) {
    string(name).int32(dimensions.length);
    for (long dimension : dimensions) {
      int64(dimension);
    }
    return int32(type).int64(offset);
  }

  /** Fills up to the next multiple of 32, then {@code size} zero bytes. */
  GgufBytes data(int size) {
    int padding = Math.floorMod(-bytes.size(), 32);
    bytes.writeBytes(new byte[padding + size]);
    return this;
  }

  byte[] toArray() {
    return bytes.toByteArray();
  }

  GgufFile file() {
    return GgufFile.of("model.gguf", MemorySegment.ofArray(toArray()));
  }

  GgufModel model() {
    return GgufModel.of(file());
  }
}
