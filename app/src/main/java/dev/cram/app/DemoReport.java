package dev.cram.app;

import dev.cram.app.compare.OrdinaryCompressors;
import dev.cram.container.CramFile;
import dev.cram.container.Segment;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * What the demo achieved, in plain words and beside two ordinary compressors.
 *
 * @param original the text, in UTF-8
 * @param fileBytes size of the written file
 * @param exact whether the written file decoded to the text
 */
record DemoReport(
    CramFile file,
    byte[] original,
    long fileBytes,
    boolean exact,
    double compressSeconds,
    double decompressSeconds) {

  void print(String fileName, PrintStream out) {
    String text = new String(original, StandardCharsets.UTF_8);
    int characters = text.codePointCount(0, text.length());
    long tokens = file.segments().stream().mapToLong(Segment::tokenCount).sum();
    long vectors = file.segments().stream().mapToLong(Segment::vectorCount).sum();
    long steps = file.segments().stream().mapToLong(Segment::steps).sum();
    long patches = file.segments().stream().mapToLong(s -> s.patches().size()).sum();
    int zstd = OrdinaryCompressors.zstd(original);
    long vectorBytes = 4 * vectors * file.model().width();

    out.println();
    out.printf(
        "%s (%s) went into %s of %d numbers.%n",
        Spoken.count(tokens, "token"),
        Spoken.count(characters, "character"),
        Spoken.count(vectors, "vector"),
        file.model().width());
    out.println(verdict(patches));
    out.printf(
        "Finding the vectors took %s, tries with fewer included (%s in the last);%n"
            + "reading them back took %s.%n",
        Spoken.duration(compressSeconds),
        Spoken.count(steps, "step"),
        Spoken.duration(decompressSeconds));
    out.printf("%nBits per character, for this text:%n");
    row(out, "the text itself", original.length, characters);
    row(out, "zstd -22", zstd, characters);
    row(out, "xz -9e", OrdinaryCompressors.xz(original), characters);
    row(out, "the vectors alone", vectorBytes, characters);
    row(out, fileName, fileBytes, characters);
    long smallest = Math.min(zstd, original.length);
    if (vectorBytes > smallest) {
      out.printf(
          "In bytes the vectors lose: they are %.0f times as large as zstd's result, and the model"
              + " comes on top.%nWhat they show is how much text a frozen model reads out of a"
              + " single input.%n",
          (double) vectorBytes / zstd);
    }
    out.printf("%nLook inside with: cram inspect %s%n", fileName);
  }

  private String verdict(long patches) {
    if (!exact) {
      return "Read back, it is NOT the same text.";
    }
    return patches == 0
        ? "The model read it back from them exactly, character for character."
        : "The model read it back exactly but for "
            + Spoken.count(patches, "token")
            + ", which the file holds as a patch.";
  }

  private static void row(PrintStream out, String name, long bytes, int characters) {
    out.printf(Locale.ROOT, "  %-18s %8.1f   (%,d bytes)%n", name, 8.0 * bytes / characters, bytes);
  }
}
