package dev.cram;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.container.Section;
import dev.cram.container.Segment;
import dev.cram.lm.CausalLm;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import dev.cram.text.Original;
import dev.cram.text.RunText;
import dev.cram.text.TextBlocks;
import dev.cram.text.TextTokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever the tokens, and however badly the search goes, they come back. */
class SegmenterPropertyTest {
  private static Workers workers;
  private static CausalLm lm;

  @BeforeContainer
  static void open() {
    workers = new Workers(2);
    lm = CausalLm.open(TestModels.directory("llama").toString(), Precision.F32, workers);
  }

  @AfterContainer
  static void close() {
    lm.close();
    workers.close();
  }

  @Property(tries = 40)
  void anyTokensComeBack(
      @ForAll @Size(min = 1, max = 150) List<@IntRange(min = 0, max = 511) Integer> text,
      @ForAll @IntRange(min = 1, max = 4) int vectors,
      @ForAll @IntRange(min = 1, max = 12) int maxSteps,
      @ForAll @IntRange(min = 1, max = 40) int maxTokens) {
    int[] tokens = text.stream().mapToInt(Integer::intValue).toArray();
    Recipe recipe = Recipe.CRAM.withMaxSteps(maxSteps);
    CompressOptions options = new CompressOptions(vectors, recipe, 1, 0.1f);
    List<Segment> segments = segments(tokens, options, maxTokens);

    int[] decoded = new int[tokens.length];
    int at = 0;
    try (DecodingPath fresh = new DecodingPath(lm, workers)) {
      for (Segment segment : segments) {
        assertThat(segment.tokenCount()).isBetween(1, maxTokens);
        assertThat(segment.vectorCount()).isEqualTo(vectors);
        assertThat(segment.vectors().size()).isEqualTo(vectors * lm.embeddingSize());
        System.arraycopy(fresh.decode(segment), 0, decoded, at, segment.tokenCount());
        at += segment.tokenCount();
      }
    }
    assertThat(at).isEqualTo(tokens.length);
    assertThat(decoded).isEqualTo(tokens);
  }

  @Example
  void missesBecomePatches() {
    int[] tokens = new int[20];
    Arrays.setAll(tokens, i -> 500 - 7 * i);
    CompressOptions options = new CompressOptions(1, Recipe.CRAM.withMaxSteps(1), 1, 0.1f);

    List<Segment> segments = segments(tokens, options, 128);

    assertThat(segments).anyMatch(segment -> !segment.patches().isEmpty());
    int first = 0;
    for (Segment segment : segments) {
      int start = first;
      assertThat(segment.patches())
          .allMatch(patch -> patch.token() == tokens[start + patch.position()]);
      first += segment.tokenCount();
    }
  }

  @Example
  void aSegmentThatHoldsIsOneSegment() {
    List<Segment> segments = segments(new int[] {5, 400, 33}, CompressOptions.DEFAULT, 128);
    assertThat(segments)
        .singleElement()
        .satisfies(segment -> {
          assertThat(segment.tokenCount()).isEqualTo(3);
          assertThat(segment.patches()).isEmpty();
          assertThat(segment.minMargin()).isGreaterThan(0.05f);
        });
  }

  @Property(tries = 10)
  void theOrderInWhichStretchesEndDoesNotMatter(
      @ForAll @Size(min = 60, max = 150) List<@IntRange(min = 0, max = 511) Integer> text,
      @ForAll long order) {
    int[] tokens = text.stream().mapToInt(Integer::intValue).toArray();
    CompressOptions options = new CompressOptions(1, Recipe.CRAM.withMaxSteps(6), 1, 0.1f);

    List<Segment> expected = segments(tokens, options, 12);

    assertThat(segments(tokens, options, 12, new Random(order)))
        .usingRecursiveComparison()
        .isEqualTo(expected);
  }

  private static List<Segment> segments(int[] tokens, CompressOptions options, int maxTokens) {
    return segments(tokens, options, maxTokens, null);
  }

  /** Any text is these tokens. */
  private static TextTokenizer always(int[] tokens) {
    return new TextTokenizer() {
      @Override
      public int[] encode(String text) {
        return tokens;
      }

      @Override
      public String decode(int[] any) {
        return "x";
      }
    };
  }

  /** With an order, as many stretches as may be are under way, and a random one is next to end. */
  private static List<Segment> segments(
      int[] tokens, CompressOptions options, int maxTokens, Random order) {
    TextTokenizer tokenizer = always(tokens);
    TextBlocks text = new TextBlocks(Original.of(new byte[] {'x'}), tokenizer);
    Stretches stretches =
        new Stretches(
            text, options, maxTokens, Capacity.first(256, false), Finished.IN_MEMORY, null);
    List<Stretches.Stretch> underWay = new ArrayList<>();
    try (Lane lane = Lane.open(lm, workers, options)) {
      Segmenter segmenter = lane.segmenter(options, Finished.IN_MEMORY, null, CramListener.SILENT);
      while (true) {
        Stretches.Stretch next = null;
        while ((underWay.isEmpty() || order != null) && (next = stretches.next()) != null) {
          underWay.add(next);
        }
        if (underWay.isEmpty()) {
          break;
        }
        underWay.remove(order == null ? 0 : order.nextInt(underWay.size())).run(segmenter);
      }
    }
    return ((Section.Run) stretches.sections(new RunText(tokenizer)).getFirst()).segments();
  }
}
