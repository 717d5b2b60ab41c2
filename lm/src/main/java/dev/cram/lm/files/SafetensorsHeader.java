package dev.cram.lm.files;

import static dev.cram.lm.files.SafetensorsFile.quote;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import dev.cram.lm.InputException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The JSON header of a safetensors file.
 *
 * <p>It is read as a stream that accepts this one shape of object only, so that neither its size
 * nor deep nesting costs memory or stack.
 *
 * @param byteSize bytes of the header, padding included
 * @param tensors the tensors it describes, in the order of the header
 * @param metadata its {@code __metadata__}, empty if there is none
 */
record SafetensorsHeader(long byteSize, List<Entry> tensors, Map<String, String> metadata) {
  static final String METADATA = "__metadata__";

  /** One described tensor, whose shape times element size is {@code end - begin} bytes. */
  record Entry(String name, DType dtype, long[] shape, long begin, long end) {}

  static SafetensorsHeader parse(String file, MemorySegment header) {
    if (header.byteSize() == 0 || header.get(ValueLayout.JAVA_BYTE, 0) != '{') {
      throw damaged(file, "the header does not begin with '{'");
    }
    var decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    var reader = new JsonReader(new InputStreamReader(new SegmentStream(header), decoder));
    reader.setStrictness(Strictness.STRICT);
    try {
      return new Parser(file, reader).parse(header.byteSize());
    } catch (CharacterCodingException e) {
      throw damaged(file, "the header is not valid UTF-8");
    } catch (MalformedJsonException | EOFException e) {
      throw damaged(file, "the header is not valid JSON");
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      throw damaged(file, "the header cannot be read as JSON");
    }
  }

  private static InputException damaged(String file, String what) {
    return new InputException(
        file + ": " + what + "; this is no safetensors file or it is damaged: download it again");
  }

  /** One pass over one header. */
  private static final class Parser {
    private final String file;
    private final JsonReader reader;
    private final List<Entry> tensors = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private Map<String, String> metadata;

    Parser(String file, JsonReader reader) {
      this.file = file;
      this.reader = reader;
    }

    SafetensorsHeader parse(long byteSize) throws IOException {
      reader.beginObject();
      while (reader.hasNext()) {
        String name = text(reader.nextName());
        if (name.equals(METADATA)) {
          readMetadata();
        } else if (names.add(name)) {
          tensors.add(readTensor(name));
        } else {
          throw damaged(file, "tensor " + quote(name) + " is described twice");
        }
      }
      reader.endObject();
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw damaged(file, "the header goes on after its JSON object");
      }
      return new SafetensorsHeader(
          byteSize, tensors, metadata == null ? Map.of() : Collections.unmodifiableMap(metadata));
    }

    private void readMetadata() throws IOException {
      if (metadata != null) {
        throw damaged(file, METADATA + " occurs twice");
      }
      metadata = new LinkedHashMap<>();
      expect(JsonToken.BEGIN_OBJECT, METADATA);
      reader.beginObject();
      while (reader.hasNext()) {
        String key = text(reader.nextName());
        expect(JsonToken.STRING, METADATA + " key " + quote(key));
        if (metadata.put(key, text(reader.nextString())) != null) {
          throw damaged(file, METADATA + " key " + quote(key) + " occurs twice");
        }
      }
      reader.endObject();
    }

    private Entry readTensor(String name) throws IOException {
      String where = "tensor " + quote(name);
      DType dtype = null;
      long[] shape = null;
      long[] offsets = null;
      expect(JsonToken.BEGIN_OBJECT, where);
      reader.beginObject();
      while (reader.hasNext()) {
        String key = reader.nextName();
        boolean again =
            switch (key) {
              case "dtype" -> dtype != null;
              case "shape" -> shape != null;
              case "data_offsets" -> offsets != null;
              default -> throw damaged(file, where + ": unknown key " + quote(key));
            };
        if (again) {
          throw damaged(file, where + ": " + key + " occurs twice");
        }
        switch (key) {
          case "dtype" -> dtype = readDType(where);
          case "shape" -> shape = readSizes(where + ": shape");
          default -> offsets = readSizes(where + ": data_offsets");
        }
      }
      reader.endObject();
      if (dtype == null || shape == null || offsets == null) {
        throw damaged(file, where + ": expected dtype, shape and data_offsets");
      }
      if (offsets.length != 2 || offsets[0] > offsets[1]) {
        throw damaged(
            file,
            where + ": data_offsets are " + Arrays.toString(offsets) + ", expected [begin, end]");
      }
      checkByteCount(where, dtype, shape, offsets[1] - offsets[0]);
      return new Entry(name, dtype, shape, offsets[0], offsets[1]);
    }

    private DType readDType(String where) throws IOException {
      expect(JsonToken.STRING, where + ": dtype");
      String dtype = reader.nextString();
      for (DType known : DType.values()) {
        if (known.name().equals(dtype)) {
          return known;
        }
      }
      throw new InputException(
          file
              + ": "
              + where
              + ": dtype "
              + quote(dtype)
              + " is not supported, expected one of "
              + Arrays.toString(DType.values())
              + "; convert the file");
    }

    private long[] readSizes(String where) throws IOException {
      expect(JsonToken.BEGIN_ARRAY, where);
      reader.beginArray();
      long[] sizes = new long[4];
      int count = 0;
      while (reader.hasNext()) {
        expect(JsonToken.NUMBER, where);
        String number = reader.nextString();
        // Decimal digits alone: no sign, fraction or exponent; 19 digits may still be too many.
        long size = number.matches("0|[1-9][0-9]{0,18}") ? parseOrMinusOne(number) : -1;
        if (size < 0) {
          throw damaged(
              file, where + " has " + quote(number) + ", expected a whole number from 0 to 2^63-1");
        }
        if (count == sizes.length) {
          sizes = Arrays.copyOf(sizes, 2 * count);
        }
        sizes[count++] = size;
      }
      reader.endArray();
      return Arrays.copyOf(sizes, count);
    }

    private static long parseOrMinusOne(String digits) {
      try {
        return Long.parseLong(digits);
      } catch (NumberFormatException e) {
        return -1;
      }
    }

    private void checkByteCount(String where, DType dtype, long[] shape, long bytes) {
      long expected = dtype.bytes();
      try {
        for (long size : shape) {
          expected = Math.multiplyExact(expected, size);
        }
      } catch (ArithmeticException e) {
        throw damaged(
            file, where + ": shape " + shapeText(shape) + " has more elements than can be counted");
      }
      if (bytes != expected) {
        throw damaged(
            file,
            where
                + ": has "
                + bytes
                + " bytes, but "
                + dtype
                + " of shape "
                + shapeText(shape)
                + " takes "
                + expected);
      }
    }

    private void expect(JsonToken expected, String where) throws IOException {
      JsonToken found = reader.peek();
      if (found != expected) {
        throw damaged(file, where + " is " + describe(found) + ", expected " + describe(expected));
      }
    }

    private String text(String value) {
      // A lone surrogate can be written as an escape, but no other reader takes it.
      if (!StandardCharsets.UTF_8.newEncoder().canEncode(value)) {
        throw damaged(file, "the header has a text that is not valid Unicode");
      }
      return value;
    }
  }

  static String shapeText(long[] shape) {
    return shape.length <= 8 ? Arrays.toString(shape) : "of " + shape.length + " dimensions";
  }

  private static String describe(JsonToken token) {
    return switch (token) {
      case BEGIN_OBJECT -> "an object";
      case BEGIN_ARRAY -> "an array";
      case STRING -> "a string";
      case NUMBER -> "a number";
      case BOOLEAN -> "a boolean";
      case NULL -> "null";
      default -> "nothing";
    };
  }

  /** The bytes of a segment as a stream, so that a long header is never copied as a whole. */
  private static final class SegmentStream extends InputStream {
    private final MemorySegment segment;
    private long at;

    SegmentStream(MemorySegment segment) {
      this.segment = segment;
    }

    @Override
    public int read() {
      return at < segment.byteSize() ? segment.get(ValueLayout.JAVA_BYTE, at++) & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      if (at == segment.byteSize()) {
        return -1;
      }
      int count = (int) Math.min(length, segment.byteSize() - at);
      MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, at, target, offset, count);
      at += count;
      return count;
    }
  }
}
