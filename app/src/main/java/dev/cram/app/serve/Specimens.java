package dev.cram.app.serve;

import dev.cram.container.CramFile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The {@code .cram} files that are at hand, made here or dropped onto the page; the latest few. */
final class Specimens {
  private static final int KEPT = 40;

  /** What they may hold together; the latest is kept whatever it holds. */
  private static final long KEPT_BYTES = 256L << 20;

  private final Map<String, Specimen> specimens = new LinkedHashMap<>();
  private int lastId;

  /**
   * A file, and what it is played with.
   *
   * @param model on the menu
   * @param tokens that it decodes to, of all segments; null until it was decoded
   */
  record Specimen(String id, String name, String model, CramFile file, int[] tokens) {}

  /** Keeps a file and gives it an id. */
  synchronized String add(String name, String model, CramFile file, int[] tokens) {
    String id = Integer.toString(++lastId);
    specimens.put(id, new Specimen(id, name, model, file, tokens));
    while (specimens.size() > KEPT || specimens.size() > 1 && bytes() > KEPT_BYTES) {
      specimens.remove(specimens.keySet().iterator().next());
    }
    return id;
  }

  private long bytes() {
    return specimens.values().stream().mapToLong(Specimens::bytes).sum();
  }

  private static long bytes(Specimen specimen) {
    long numbers = specimen.file().segments().stream().mapToLong(s -> s.vectors().size()).sum();
    return numbers * Float.BYTES + specimen.file().originalBytes();
  }

  /** Adds what a file decodes to. */
  synchronized void decoded(String id, int[] tokens) {
    specimens.computeIfPresent(
        id, (same, s) -> new Specimen(id, s.name(), s.model(), s.file(), tokens));
  }

  /**
   * @throws Refusal if there is none of that id
   */
  synchronized Specimen get(String id) {
    Specimen specimen = id == null ? null : specimens.get(id);
    if (specimen == null) {
      throw new Refusal(
          Refusal.NOT_FOUND, "there is no such file here; it may have been forgotten");
    }
    return specimen;
  }

  /** What the page lists. */
  record Summary(
      String id,
      String name,
      String model,
      String precision,
      int width,
      long bytes,
      List<Integer> segmentTokens,
      List<Integer> segmentVectors,
      List<Integer> segmentPatches,
      String recipe,
      long seed,
      boolean decoded) {}

  /** The latest first. */
  synchronized List<Summary> summaries() {
    return new ArrayList<>(specimens.values()).reversed().stream().map(Specimens::summary).toList();
  }

  static Summary summary(Specimen s) {
    var segments = s.file().segments();
    return new Summary(
        s.id(),
        s.name(),
        s.model(),
        s.file().precision().name().toLowerCase(java.util.Locale.ROOT),
        s.file().model().width(),
        s.file().originalBytes(),
        segments.stream().map(segment -> segment.tokenCount()).toList(),
        segments.stream().map(segment -> segment.vectorCount()).toList(),
        segments.stream().map(segment -> segment.patches().size()).toList(),
        s.file().recipe(),
        s.file().seed(),
        s.tokens() != null);
  }
}
