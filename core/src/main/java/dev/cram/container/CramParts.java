package dev.cram.container;

import dev.cram.lm.InputException;
import dev.cram.lm.files.SafetensorsFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads {@code .cram} files that stand one behind the other in one file, as {@code cat a.cram
 * b.cram} makes it. Each says where it ends.
 */
public final class CramParts {
  private static final Optional<String> DAMAGED =
      Optional.of("the .cram file is damaged (its checksum does not match)");

  private CramParts() {}

  /**
   * One of the files.
   *
   * @param name what errors call it
   * @param bytes how long it is
   * @param fault what is wrong with it or behind it; none, unless damage is tolerated
   */
  public record Part(String name, CramFile file, long bytes, Optional<String> fault) {
    private Part before(String lost) {
      String both = fault.map(own -> own + ", and ").orElse("") + "what follows is lost: " + lost;
      return new Part(name, file, bytes, Optional.of(both));
    }
  }

  /**
   * Reads and checks all of them; their vectors stay in the file until they are needed.
   *
   * @param salvage whether to read what can be read of damaged files
   * @return one at least
   * @throws InputException as {@link CramFile#read(Path)}
   */
  public static List<Part> read(Path path, boolean salvage) {
    return read(path.toString(), CramFile.map(path), salvage);
  }

  /** Reads and checks all files in these bytes. */
  public static List<Part> read(String name, byte[] bytes, boolean salvage) {
    return read(name, MemorySegment.ofArray(bytes), salvage);
  }

  private static List<Part> read(String name, MemorySegment bytes, boolean salvage) {
    List<Part> parts = new ArrayList<>();
    long at = 0;
    do {
      MemorySegment rest = bytes.asSlice(at);
      long length = length(name, rest);
      boolean only = at == 0 && length == bytes.byteSize();
      String partName = only ? name : name + ", file " + (parts.size() + 1);
      CramReader reader = new CramReader(partName, salvage, Long.MAX_VALUE);
      try {
        CramFile file = reader.read(rest.asSlice(0, length));
        parts.add(
            new Part(partName, file, length, reader.undamaged() ? Optional.empty() : DAMAGED));
      } catch (InputException e) {
        if (salvage && !parts.isEmpty()) {
          parts.add(parts.removeLast().before(e.getMessage()));
          return parts;
        }
        if (!parts.isEmpty()) {
          throw new InputException(
              e.getMessage() + " (the " + at + " bytes before it are undamaged files)", e);
        }
        throw e;
      }
      at += length;
    } while (at < bytes.byteSize());
    return parts;
  }

  /** All of the rest where it cannot be told: the reader will say what is wrong with it. */
  private static long length(String name, MemorySegment bytes) {
    try {
      return SafetensorsFile.lengthOf(name, bytes);
    } catch (InputException e) {
      return bytes.byteSize();
    }
  }
}
