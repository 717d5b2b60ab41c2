package dev.cram.app.serve;

import dev.cram.TheoreticalBound;
import dev.cram.app.compare.OrdinaryCompressors;
import dev.cram.container.CramFile;
import dev.cram.container.Grid;
import dev.cram.container.Segment;
import dev.cram.lm.CausalLm;
import dev.cram.lm.GradientPass;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * What came of a job.
 *
 * @param exact whether decoding gave back every byte
 * @param patches tokens that the vectors alone do not give back
 * @param margin the smallest on the decoding path, in logits
 * @param informationGain in bits, and
 * @param tokenGain in tokens, as Kuratov et al. 2025 define them: t1 of each segment is given
 * @param bound tokens that one vector can hold at most
 * @param utilisation Token Gain over the bound of all vectors
 * @param sizes what it takes, beside what ordinary compressors take
 */
record Outcome(
    boolean exact,
    long bytes,
    long characters,
    long tokens,
    long vectors,
    double tokensPerVector,
    long patches,
    double margin,
    double informationGain,
    double tokenGain,
    double bound,
    double utilisation,
    List<Size> sizes) {

  /** How many bytes something takes, and bits for each character of the text. */
  record Size(String name, long bytes, double bitsPerCharacter) {}

  /**
   * Measures a file that was made.
   *
   * @param tokens of all segments, one after another
   * @param exact whether it was decoded to the original
   */
  static Outcome of(
      CausalLm lm,
      Workers workers,
      CramFile file,
      byte[] original,
      int[] tokens,
      long fileBytes,
      boolean exact) {
    List<Segment> segments = file.segments();
    long vectors = segments.stream().mapToLong(Segment::vectorCount).sum();
    long characters = new String(original, StandardCharsets.UTF_8).codePoints().count();
    double bound = TheoreticalBound.tokens(lm.embeddingSize(), lm.vocabularySize());
    Gains gains = Gains.of(lm, workers, segments, tokens);
    return new Outcome(
        exact,
        original.length,
        characters,
        tokens.length,
        vectors,
        vectors == 0 ? 0 : (double) tokens.length / vectors,
        segments.stream().mapToLong(segment -> segment.patches().size()).sum(),
        segments.stream().mapToDouble(Segment::minMargin).min().orElse(0),
        gains.nats() / Math.log(2),
        gains.tokens(),
        bound,
        vectors == 0 ? 0 : gains.tokens() / (vectors * bound),
        List.of(
            size("the text itself", original.length, characters),
            size("zstd -22", OrdinaryCompressors.zstd(original), characters),
            size("xz -9e", OrdinaryCompressors.xz(original), characters),
            size("the vectors alone", vectorBytes(file), characters),
            size("the .cram file", fileBytes, characters)));
  }

  /** What the numbers of all vectors take, with a scale of 16 bits each where they are rounded. */
  private static long vectorBytes(CramFile file) {
    long vectors = file.segments().stream().mapToLong(Segment::vectorCount).sum();
    int bits = file.vectorBits();
    int scaleBits = bits == Grid.FLOAT_BITS ? 0 : Short.SIZE;
    return vectors * Math.ceilDiv(file.model().width() * bits + scaleBits, Byte.SIZE);
  }

  private static Size size(String name, long bytes, long characters) {
    return new Size(name, bytes, characters == 0 ? 0 : 8.0 * bytes / characters);
  }

  /** What the vectors add to what the model knows by itself, summed over segments. */
  private record Gains(double nats, double tokens) {
    static Gains of(CausalLm lm, Workers workers, List<Segment> segments, int[] tokens) {
      int rows =
          segments.stream().mapToInt(s -> s.vectorCount() + s.tokenCount() - 1).max().orElse(0);
      double nats = 0;
      double gained = 0;
      int at = 0;
      if (rows == 0) {
        return new Gains(0, 0);
      }
      try (GradientPass pass = new GradientPass(lm, rows, workers);
          Arena arena = Arena.ofConfined()) {
        for (Segment segment : segments) {
          int n = segment.tokenCount();
          int[] own = Arrays.copyOfRange(tokens, at, at + n);
          at += n;
          if (n < 2) {
            continue;
          }
          float[] weights = new float[n];
          Arrays.fill(weights, 1, n, 1f / (n - 1));
          pass.text(own, 0);
          double without = pass.run(null, n, weights, null);
          int rightWithout = right(pass.margins(), n);
          pass.text(own, segment.vectorCount());
          Matrix mem =
              Matrix.of(
                  arena, segment.vectorCount(), lm.embeddingSize(), segment.vectors().values());
          double with = pass.run(mem, n, weights, null);
          nats += (without - with) * n;
          gained += right(pass.margins(), n) - rightWithout;
        }
      }
      return new Gains(nats, gained);
    }

    private static int right(float[] margins, int length) {
      int right = 0;
      for (int i = 1; i < length; i++) {
        right += margins[i] > 0 ? 1 : 0;
      }
      return right;
    }
  }
}
