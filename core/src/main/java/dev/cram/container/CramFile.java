package dev.cram.container;

import dev.cram.lm.InputException;
import dev.cram.lm.files.Sha256;
import dev.cram.tensor.Precision;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The content of a {@code .cram} file, a valid safetensors file that {@code docs/format.md}
 * specifies.
 *
 * <p>Tokens are predicted by the convention predict-all: the first token of a segment from its last
 * vector, each further one after feeding back the one before.
 *
 * @param model what the vectors belong to
 * @param precision what decoding was verified with; another one may decode something else
 * @param recipe how the vectors were found, for the record only
 * @param seed the seed of all random choices
 * @param vectorBits bits of a vector's element, {@link Grid#FLOAT_BITS} where they are floats
 * @param verified under which conditions decoding was verified
 * @param originalBytes length of the original file in bytes
 * @param originalSha256 SHA-256 of the original file, 64 lower-case hexadecimal digits
 * @param sections what the original file consists of, in order; none for an empty file
 */
public record CramFile(
    ModelIdentity model,
    Precision precision,
    String recipe,
    long seed,
    int vectorBits,
    Conditions verified,
    long originalBytes,
    String originalSha256,
    List<Section> sections) {

  /**
   * @throws IllegalArgumentException if a segment's vectors are not {@code model.width()} wide, or
   *     the sections cannot make up {@code originalBytes}
   */
  public CramFile {
    sections = List.copyOf(sections);
    require(
        Grid.supports(vectorBits),
        "vectors of " + vectorBits + " bits, expected 3, 4, 6, 8, 16 or 32");
    require(originalBytes >= 0, "an original of " + originalBytes + " bytes");
    require(
        originalSha256.matches("[0-9a-f]{64}"),
        "the SHA-256 '" + originalSha256 + "', expected 64 lower-case hexadecimal digits");
    long rawBytes = 0;
    long textBytes = 0;
    boolean onlyRaw = true;
    boolean unknown = false;
    for (Section section : sections) {
      switch (section) {
        case Section.Raw raw -> rawBytes += raw.bytes().length;
        case Section.Run run -> {
          onlyRaw = false;
          for (Segment segment : run.segments()) {
            requireWidth(segment, model.width());
            requireScales(segment, vectorBits);
            unknown |= segment.bytes() == Segment.UNKNOWN;
            textBytes += Math.max(0, segment.bytes());
          }
          int last = run.segments().getLast().bytes();
          require(last != 0, "a run whose last segment ends no text");
        }
      }
    }
    require(
        onlyRaw ? rawBytes == originalBytes : rawBytes < originalBytes,
        rawBytes
            + " raw bytes"
            + (onlyRaw ? "" : " and text")
            + " in an original of "
            + originalBytes
            + " bytes");
    require(
        unknown || rawBytes + textBytes == originalBytes,
        rawBytes
            + " raw bytes and "
            + textBytes
            + " of text in an original of "
            + originalBytes
            + " bytes");
  }

  /** Floats, for an original file whose bytes are at hand. */
  public static CramFile of(
      ModelIdentity model,
      Precision precision,
      String recipe,
      long seed,
      byte[] original,
      List<Section> sections) {
    return new CramFile(
        model,
        precision,
        recipe,
        seed,
        Grid.FLOAT_BITS,
        Conditions.UNKNOWN,
        original.length,
        Sha256.hex(original),
        sections);
  }

  /**
   * Reads and checks a file; needs no model.
   *
   * @throws InputException if it is missing, not a {@code .cram} file, damaged in any bit, of a
   *     later version, or contradicts itself
   */
  public static CramFile read(Path path) {
    return new CramReader(path.toString(), false, Long.MAX_VALUE).read(map(path));
  }

  /** The bytes of a file, mapped until nobody uses them any more where that is possible. */
  static MemorySegment map(Path path) {
    if (Files.isDirectory(path)) {
      throw new InputException(path + ": is a directory; expected a .cram file");
    }
    if (!Files.exists(path)) {
      throw new InputException(path + ": no such file; expected a .cram file");
    }
    try {
      if (!Files.isRegularFile(path)) {
        return MemorySegment.ofArray(Files.readAllBytes(path));
      }
      try (FileChannel channel = FileChannel.open(path)) {
        return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
      }
    } catch (AccessDeniedException e) {
      throw new InputException(path + ": may not be read; change its permissions", e);
    } catch (IOException e) {
      throw new InputException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Reads and checks a file that is in memory, as {@link #read(Path)} does.
   *
   * @param name what errors call the file
   */
  public static CramFile read(String name, byte[] bytes) {
    return read(name, bytes, Long.MAX_VALUE);
  }

  /**
   * As {@link #read(String, byte[])}, for a file from someone who may mean harm: a few bytes can
   * claim, and inflate to, a thousand times as many.
   *
   * @param maxOriginalBytes the largest original that is accepted
   */
  public static CramFile read(String name, byte[] bytes, long maxOriginalBytes) {
    return new CramReader(name, false, maxOriginalBytes).read(MemorySegment.ofArray(bytes));
  }

  /** Writes the file to {@code out}, which stays open. The same content gives the same bytes. */
  public void write(OutputStream out) throws IOException {
    CramWriter.write(this, out);
  }

  /**
   * Writes the file completely or not at all, see {@link AtomicFile#write}.
   *
   * @throws InputException if it cannot be written
   */
  public void write(Path path) {
    AtomicFile.write(path, this::write);
  }

  /** All segments of all runs, in order. */
  public List<Segment> segments() {
    return sections.stream()
        .filter(Section.Run.class::isInstance)
        .flatMap(run -> ((Section.Run) run).segments().stream())
        .toList();
  }

  /**
   * Whether any range of the text can be decoded by itself, which version 1 did not provide for.
   */
  public boolean hasOffsets() {
    return segments().stream().allMatch(segment -> segment.bytes() != Segment.UNKNOWN);
  }

  /**
   * Checks that a model is the one the vectors belong to. A model under another name but with the
   * same weights and tokenizer is.
   *
   * @param name what errors call the file
   * @throws InputException if the weights, the tokenizer or the width differ
   */
  public void check(String name, ModelIdentity actual) {
    String advice = "; give the model it was made with, or compress the text again";
    if (!model.weightFingerprint().equals(actual.weightFingerprint())
        || model.width() != actual.width()) {
      throw new InputException(
          name
              + ": was made with model "
              + describe(model, model.weightFingerprint())
              + ", this is "
              + describe(actual, actual.weightFingerprint())
              + advice);
    }
    if (!model.tokenizerFingerprint().equals(actual.tokenizerFingerprint())) {
      throw new InputException(
          name
              + ": was made with the tokenizer of "
              + describe(model, model.tokenizerFingerprint())
              + ", this is that of "
              + describe(actual, actual.tokenizerFingerprint())
              + advice);
    }
  }

  /**
   * Checks that what was decoded is the original file.
   *
   * @param name what errors call the file
   * @throws InputException if it is not
   */
  public void checkRestored(String name, byte[] restored) {
    checkRestored(name, restored.length, Sha256.hex(restored));
  }

  /**
   * Checks by its length and SHA-256 that what was decoded is the original file.
   *
   * @param name what errors call the file
   * @throws InputException if it is not
   */
  public void checkRestored(String name, long bytes, String sha256) {
    if (bytes != originalBytes || !sha256.equals(originalSha256)) {
      throw new InputException(
          name
              + ": decoded to "
              + bytes
              + " bytes that are not the original "
              + originalBytes
              + " (SHA-256 differs); decode on the kind of machine and with the precision ("
              + CramWriter.name(precision)
              + ") it was verified with");
    }
  }

  private static String describe(ModelIdentity model, String fingerprint) {
    return model.modelId()
        + " (fingerprint "
        + (fingerprint.length() <= 12 ? fingerprint : fingerprint.substring(0, 12) + "..")
        + ", width "
        + model.width()
        + ")";
  }

  private static void requireWidth(Segment segment, int width) {
    require(
        segment.vectors().size() == (long) segment.vectorCount() * width,
        segment.vectors().size()
            + " numbers for "
            + segment.vectorCount()
            + " vectors of width "
            + width);
  }

  private static void requireScales(Segment segment, int vectorBits) {
    int scales = segment.vectors().scales().length;
    int expected = vectorBits == Grid.FLOAT_BITS ? 0 : segment.vectorCount();
    require(
        scales == expected,
        scales + " scales for " + segment.vectorCount() + " vectors of " + vectorBits + " bits");
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
