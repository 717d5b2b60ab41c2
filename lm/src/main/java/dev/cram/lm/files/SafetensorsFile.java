package dev.cram.lm.files;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A safetensors file, checked completely before any of it is used: an 8-byte little-endian header
 * length, a JSON header, then the data of all tensors without gaps or overlaps.
 *
 * <p>Tensors are views of the file's memory; nothing is copied. Instances may be read by several
 * threads. See <a href="https://huggingface.co/docs/safetensors">the format's description</a>.
 */
public final class SafetensorsFile implements AutoCloseable {
  /** The largest header that readers of this format accept, in bytes. */
  static final long MAX_HEADER_BYTES = 100_000_000L;

  static final ValueLayout.OfLong HEADER_LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String name;
  private final Arena arena;
  private final Map<String, TensorView> tensors;
  private final Map<String, String> metadata;

  private SafetensorsFile(String name, Arena arena, MemorySegment bytes) {
    this.name = name;
    this.arena = arena;
    SafetensorsHeader header = SafetensorsHeader.parse(name, headerOf(name, bytes));
    MemorySegment data = bytes.asSlice(8 + header.byteSize());
    this.tensors = place(name, header.tensors(), data);
    this.metadata = header.metadata();
  }

  /**
   * Maps a file into memory.
   *
   * @throws InputException if there is no such readable file or it breaks the format in any way
   */
  public static SafetensorsFile open(Path path) {
    String name = path.toString();
    if (Files.isDirectory(path)) {
      throw new InputException(name + ": is a directory; expected a safetensors file");
    }
    if (!Files.exists(path)) {
      throw new InputException(name + ": no such file; expected a safetensors file");
    }
    if (!Files.isRegularFile(path)) {
      throw new InputException(name + ": is no regular file; expected a safetensors file");
    }
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new SafetensorsFile(name, arena, bytes);
    } catch (AccessDeniedException e) {
      arena.close();
      throw new InputException(name + ": may not be read; change its permissions", e);
    } catch (IOException e) {
      arena.close();
      throw new InputException(name + ": cannot be read: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Reads a file that is in memory already; the tensors are views of {@code bytes}.
   *
   * @param name what errors call the file
   * @throws InputException if {@code bytes} break the format in any way
   */
  public static SafetensorsFile of(String name, MemorySegment bytes) {
    return new SafetensorsFile(name, null, bytes.asReadOnly());
  }

  /**
   * Bytes of the file that stands at the beginning of {@code bytes}, which other bytes may follow.
   *
   * @param name what errors call the file
   * @return at most the size of {@code bytes}, also where the file is cut short
   * @throws InputException if the header breaks the format
   */
  public static long lengthOf(String name, MemorySegment bytes) {
    SafetensorsHeader header = SafetensorsHeader.parse(name, headerOf(name, bytes));
    long end = 0;
    for (SafetensorsHeader.Entry entry : header.tensors()) {
      end = Math.max(end, entry.end());
    }
    long room = bytes.byteSize() - 8 - header.byteSize();
    return 8 + header.byteSize() + Math.min(end, room);
  }

  /** The path of the file, or the name that was given to {@link #of}. */
  public String name() {
    return name;
  }

  /** The names of all tensors, in the order of their data. */
  public Set<String> names() {
    return tensors.keySet();
  }

  /**
   * The tensor of that name.
   *
   * @throws InputException if the file has no such tensor
   */
  public TensorView tensor(String tensorName) {
    TensorView tensor = tensors.get(tensorName);
    if (tensor == null) {
      throw new InputException(
          name
              + ": has no tensor "
              + quote(tensorName)
              + "; it holds "
              + tensors.size()
              + " tensors, but not this one");
    }
    return tensor;
  }

  /** The free-form texts of the header ({@code __metadata__}), in the order of the file. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** Unmaps the file; its tensors may not be used any more. Memory given to {@link #of} stays. */
  @Override
  public void close() {
    if (arena != null && arena.scope().isAlive()) {
      arena.close();
    }
  }

  private static MemorySegment headerOf(String name, MemorySegment bytes) {
    long size = bytes.byteSize();
    if (size < 8) {
      throw new InputException(
          name + ": has " + size + " bytes, a safetensors file at least 8; download it again");
    }
    long headerBytes = bytes.get(HEADER_LENGTH, 0);
    if (headerBytes < 0 || headerBytes > MAX_HEADER_BYTES) {
      throw new InputException(
          name
              + ": claims a header of "
              + Long.toUnsignedString(headerBytes)
              + " bytes, at most "
              + MAX_HEADER_BYTES
              + " are allowed; this is no safetensors file or it is damaged: download it again");
    }
    if (headerBytes > size - 8) {
      throw new InputException(
          name
              + ": claims a header of "
              + headerBytes
              + " bytes, but only "
              + (size - 8)
              + " follow; the file is truncated: download it again");
    }
    return bytes.asSlice(8, headerBytes);
  }

  /** Checks that the tensors cover {@code data} from its first to its last byte, each once. */
  private static Map<String, TensorView> place(
      String name, List<SafetensorsHeader.Entry> entries, MemorySegment data) {
    List<SafetensorsHeader.Entry> inOrder = new ArrayList<>(entries);
    inOrder.sort(
        Comparator.comparingLong(SafetensorsHeader.Entry::begin)
            .thenComparingLong(SafetensorsHeader.Entry::end));
    Map<String, TensorView> tensors = LinkedHashMap.newLinkedHashMap(entries.size());
    long end = 0;
    for (SafetensorsHeader.Entry entry : inOrder) {
      String where = name + ": tensor " + quote(entry.name()) + ": ";
      String offsets = "data_offsets [" + entry.begin() + ", " + entry.end() + "] ";
      if (entry.end() > data.byteSize()) {
        throw new InputException(
            where
                + offsets
                + "end after the "
                + data.byteSize()
                + " bytes of data; the file is truncated: download it again");
      }
      if (entry.begin() != end) {
        throw new InputException(
            where
                + offsets
                + (entry.begin() < end ? "overlap the data before" : "leave a hole")
                + ", expected to begin at "
                + end
                + "; the file is damaged: download it again");
      }
      end = entry.end();
      tensors.put(
          entry.name(),
          new TensorView(
              entry.name(),
              entry.dtype(),
              entry.shape(),
              data.asSlice(entry.begin(), entry.end() - entry.begin())));
    }
    if (end != data.byteSize()) {
      throw new InputException(
          name
              + ": has "
              + (data.byteSize() - end)
              + " bytes after the last tensor, expected none"
              + "; the file is damaged: download it again");
    }
    return Collections.unmodifiableMap(tensors);
  }

  /** A name for an error message, cut where it is longer than any real one. */
  static String quote(String text) {
    int limit = 120;
    return "'" + (text.length() <= limit ? text : text.substring(0, limit) + "...") + "'";
  }
}
