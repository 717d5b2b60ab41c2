package dev.cram.fuzz;

import dev.cram.container.CramFile;
import dev.cram.container.CramParts;
import dev.cram.container.Segment;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;

/**
 * {@code .cram} files, and rows of them; without looking at checksums, which no fuzzer gets right.
 */
public final class CramTarget {
  private CramTarget() {}

  /** Called by the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    Guard.run(() -> CramParts.read("x", data, false));
    Guard.run(() -> {
      for (CramParts.Part part : CramParts.read("x", data, true)) {
        use(part.file());
      }
    });
  }

  /** What is read can be used, and written and read again. */
  private static void use(CramFile file) {
    for (Segment segment : file.segments()) {
      if (segment.vectors().values().length != segment.vectors().size()) {
        throw new AssertionError("vectors that are not there");
      }
    }
    file.hasOffsets();
    byte[] written = bytes(file);
    if (!Arrays.equals(bytes(CramFile.read("written", written)), written)) {
      throw new AssertionError("not the same when written again");
    }
  }

  private static byte[] bytes(CramFile file) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      file.write(out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
