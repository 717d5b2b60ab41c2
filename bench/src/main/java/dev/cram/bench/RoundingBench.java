package dev.cram.bench;

import dev.cram.Score;
import dev.cram.VectorSearch;
import dev.cram.lm.CausalLm;
import dev.cram.lm.GreedyDecoder;
import dev.cram.recipe.Objective;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * How far the margins that a search sees, of all rows at once, are from those of decoding, row by
 * row: they are rounded otherwise. Prints Markdown, a row for each passage and one for all.
 *
 * <pre>MODEL f32|bf16 TEXTS PASSAGES TOKENS MAX_STEPS</pre>
 */
public final class RoundingBench {
  private RoundingBench() {}

  /** Searches all passages and decodes them. */
  public static void main(String... args) throws IOException {
    Precision precision = Precision.valueOf(args[1].toUpperCase(Locale.ROOT));
    int length = Integer.parseInt(args[4]);
    Recipe recipe = Recipe.CRAM.withMaxSteps(Integer.parseInt(args[5]));
    try (Workers workers = new Workers(Runtime.getRuntime().availableProcessors());
        CausalLm lm = CausalLm.open(args[0], precision, workers);
        VectorSearch search =
            new VectorSearch(
                lm, workers, recipe, Objective.PREDICT_ALL, Score.BY_SECURE_PREFIX, 0);
        GreedyDecoder decoder = new GreedyDecoder(lm, length, workers)) {
      List<int[]> texts =
          Passages.of(Path.of(args[2]), Integer.parseInt(args[3]), length, lm.tokenizer());
      System.out.println(
          "| passage | accuracy | narrowest margin | decoded: narrowest | moved: median | 90% | 99% | most |");
      System.out.println("|---:|---:|---:|---:|---:|---:|---:|---:|");
      float[] moved = new float[texts.size() * length];
      for (int i = 0; i < texts.size(); i++) {
        VectorSearch.Found found =
            search.search(texts.get(i), 1, new SplittableRandom(i), step -> {});
        float[] decoded =
            DecodedMargins.of(decoder, found.vectors(), lm.embeddingSize(), texts.get(i));
        for (int j = 0; j < length; j++) {
          moved[i * length + j] = Math.abs(decoded[j] - found.margins()[j]);
        }
        System.out.printf(
            Locale.ROOT,
            "| %d | %.3f | %.3f | %.3f |%s%n",
            i,
            found.score().accuracy(),
            least(found.margins()),
            least(decoded),
            quantiles(Arrays.copyOfRange(moved, i * length, (i + 1) * length)));
      }
      System.out.println("| all | | | |" + quantiles(moved));
    }
  }

  private static float least(float[] margins) {
    float least = Float.POSITIVE_INFINITY;
    for (float margin : margins) {
      least = Math.min(least, margin);
    }
    return least;
  }

  private static String quantiles(float[] values) {
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    StringBuilder cells = new StringBuilder();
    for (double share : new double[] {0.5, 0.9, 0.99, 1}) {
      cells.append(
          String.format(Locale.ROOT, " %.2g |", sorted[(int) (share * (sorted.length - 1))]));
    }
    return cells.toString();
  }
}
