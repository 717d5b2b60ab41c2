package dev.cram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.container.Segment;
import dev.cram.lm.CausalLm;
import dev.cram.lm.InputException;
import dev.cram.recipe.Objective;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.util.Arrays;
import java.util.List;
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
        assertThat(segment.vectors()).hasSize(vectors * lm.embeddingSize());
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

  @Example
  void vectorsThatLeaveNoRoomAreRejected() {
    assertThatThrownBy(() -> segments(new int[] {1}, CompressOptions.DEFAULT, 0))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("leave no position");
  }

  private static List<Segment> segments(int[] tokens, CompressOptions options, int maxTokens) {
    try (VectorSearch search =
            new VectorSearch(
                lm,
                workers,
                options.recipe(),
                Objective.PREDICT_ALL,
                Score.BY_SECURE_PREFIX,
                options.marginGoal());
        DecodingPath decodingPath = new DecodingPath(lm, workers)) {
      return new Segmenter(search, decodingPath, options, maxTokens, CramListener.SILENT)
          .segments(tokens);
    }
  }
}
