package dev.cram.lm.files.gguf;

import static dev.cram.lm.files.gguf.GgufHeader.quote;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A GGUF file, checked before any of it is used: the header, and that every tensor lies within the
 * file, aligned and apart from all others.
 *
 * <p>Tensors are views of the file's memory; nothing is copied.
 */
final class GgufFile implements AutoCloseable {
  private static final int DEFAULT_ALIGNMENT = 32;
  private static final int MAX_ALIGNMENT = 1 << 20;

  private final String name;
  private final Arena arena;
  private final GgufMetadata metadata;
  private final Map<String, GgufTensor> tensors;

  private GgufFile(String name, Arena arena, MemorySegment bytes) {
    this.name = name;
    this.arena = arena;
    GgufHeader header = GgufHeader.parse(name, bytes);
    metadata = new GgufMetadata(name, header.metadata());
    tensors = place(header, bytes);
  }

  /**
   * Maps a file into memory.
   *
   * @throws InputException if it cannot be read or breaks the format
   */
  static GgufFile open(Path path) {
    String name = path.toString();
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new InputException(name + ": is no regular file; expected a GGUF file");
    }
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new GgufFile(name, arena, bytes);
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

  /** A file that is in memory already. */
  static GgufFile of(String name, MemorySegment bytes) {
    return new GgufFile(name, null, bytes.asReadOnly());
  }

  String name() {
    return name;
  }

  GgufMetadata metadata() {
    return metadata;
  }

  /** All tensors by their names, in the order of the file's table. */
  Map<String, GgufTensor> tensors() {
    return tensors;
  }

  private Map<String, GgufTensor> place(GgufHeader header, MemorySegment bytes) {
    int alignment = metadata.optionalInt("general.alignment", DEFAULT_ALIGNMENT);
    if (alignment < 1 || alignment > MAX_ALIGNMENT || Integer.bitCount(alignment) != 1) {
      throw metadata.wrong("general.alignment", "a power of two up to " + MAX_ALIGNMENT);
    }
    long dataStart = Math.ceilDiv(header.byteSize(), (long) alignment) * alignment;
    long dataBytes = Math.max(0, bytes.byteSize() - dataStart);
    Map<String, GgufTensor> placed = LinkedHashMap.newLinkedHashMap(header.tensors().size());
    for (GgufHeader.Entry entry : header.tensors()) {
      String where = name + ": tensor " + quote(entry.name()) + ": ";
      if (entry.offset() < 0 || entry.offset() % alignment != 0) {
        throw new InputException(
            where
                + "begins at "
                + Long.toUnsignedString(entry.offset())
                + ", expected a multiple of "
                + alignment
                + "; the file is damaged: download it again");
      }
      if (entry.offset() > dataBytes || entry.bytes() > dataBytes - entry.offset()) {
        throw new InputException(
            where
                + entry.bytes()
                + " bytes from "
                + entry.offset()
                + " end after the "
                + dataBytes
                + " bytes of data; the file is truncated: download it again");
      }
      MemorySegment data = bytes.asSlice(dataStart + entry.offset(), entry.bytes());
      placed.put(entry.name(), new GgufTensor(entry.name(), entry.type(), entry.shape(), data));
    }
    checkApart(header.tensors());
    return Collections.unmodifiableMap(placed);
  }

  private void checkApart(List<GgufHeader.Entry> entries) {
    GgufHeader.Entry before = null;
    List<GgufHeader.Entry> inOrder =
        entries.stream().sorted(Comparator.comparingLong(GgufHeader.Entry::offset)).toList();
    for (GgufHeader.Entry entry : inOrder) {
      if (before != null && entry.offset() < before.offset() + before.bytes()) {
        throw new InputException(
            name
                + ": tensors "
                + quote(before.name())
                + " and "
                + quote(entry.name())
                + " overlap; the file is damaged: download it again");
      }
      before = entry;
    }
  }

  /** Unmaps the file; its tensors may not be used any more. */
  @Override
  public void close() {
    if (arena != null && arena.scope().isAlive()) {
      arena.close();
    }
  }
}
