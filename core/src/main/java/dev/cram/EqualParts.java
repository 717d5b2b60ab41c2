package dev.cram;

import dev.cram.container.Segment;
import dev.cram.lm.CausalLm;
import dev.cram.tensor.Workers;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/** Segments of equal length, one vector each: all of them exact, or none. */
final class EqualParts {
  /** Random starts of a search that comes near, where no vector more is to be spent. */
  private static final int STARTS = 3;

  /** The accuracy from which another start is worth its time. */
  private static final double NEAR = 0.9;

  private final int[] tokens;
  private final Segment[] segments;
  private final CompressOptions options;

  EqualParts(int[] tokens, int count, CompressOptions options) {
    this.tokens = tokens;
    this.segments = new Segment[count];
    this.options = options;
  }

  /** The segments, or none as soon as one turns out not to be exact. */
  List<Segment> find(CausalLm lm, Workers workers, CramListener listener) {
    AtomicInteger next = new AtomicInteger();
    Lanes<Lane> lanes = new Lanes<>();
    CramListener shared = lanes.shared(listener);
    lanes.run(
        workers,
        segments.length,
        team -> Lane.open(lm, team, options),
        () -> {
          int part = next.getAndIncrement();
          return part >= segments.length
              ? null
              : lane -> {
                segments[part] = part(part, lane, shared);
                if (segments[part] == null) {
                  lanes.stop();
                }
              };
        });
    return Arrays.stream(segments).allMatch(Objects::nonNull) ? List.of(segments) : List.of();
  }

  /** One part, or null if it is not exact from any start. */
  private Segment part(int part, Lane lane, CramListener listener) {
    int from = (int) ((long) tokens.length * part / segments.length);
    int to = (int) ((long) tokens.length * (part + 1) / segments.length);
    int[] own = Arrays.copyOfRange(tokens, from, to);
    int steps = 0;
    for (int start = 0; start < STARTS; start++) {
      listener.segmentStarted(from, own, 1);
      VectorSearch.Found found =
          lane.search()
              .search(own, 1, options.random(from, start), step -> listener.stepped(from, step));
      steps += found.steps();
      Segment segment = lane.decodingPath().verify(own, found.vectors(), found.scales(), steps);
      if (segment.patches().isEmpty()) {
        listener.segmentFinished(from, segment);
        return segment;
      }
      if (found.score().accuracy() < NEAR) {
        break;
      }
    }
    return null;
  }
}
