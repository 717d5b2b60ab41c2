package dev.cram.bench;

import dev.cram.Score;
import dev.cram.TheoreticalBound;
import dev.cram.VectorSearch;
import dev.cram.lab.run.Baseline;
import dev.cram.lm.CausalLm;
import dev.cram.recipe.Objective;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * How many tokens one vector holds exactly, with few bits an element: the horizon of passages that
 * are longer than a vector holds, its Token Gain (those that the model by itself would not have
 * right), and what share of Eq. 1's bound for so many bits both are. Prints Markdown, and the
 * cross-entropy of the same passages.
 *
 * <pre>MODEL TEXTS PASSAGES TOKENS MAX_STEPS BITS...</pre>
 */
public final class BitsBench {
  /** What a segment takes beside its vector: tokens, bytes, steps, margin, checksum. */
  private static final int INDEX_BYTES = 12;

  private BitsBench() {}

  /** Runs all passages with all numbers of bits. */
  public static void main(String... args) throws IOException {
    int passages = Integer.parseInt(args[2]);
    int length = Integer.parseInt(args[3]);
    try (Workers workers = new Workers(1);
        CausalLm lm = CausalLm.open(args[0], Precision.F32, workers)) {
      List<int[]> texts = Passages.of(Path.of(args[1]), passages, length, lm.tokenizer());
      List<Baseline> baselines = byThemselves(lm, workers, texts);
      System.out.println(
          "| bits | tokens held (each) | mean | steps | vector bytes | bits a character, vectors | with index | of the bound for so many bits | Token Gain | of the bound |");
      System.out.println("|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|");
      for (String bits : Arrays.copyOfRange(args, 5, args.length)) {
        row(lm, workers, texts, baselines, Integer.parseInt(args[4]), Integer.parseInt(bits));
      }
    }
  }

  private static void row(
      CausalLm lm,
      Workers workers,
      List<int[]> texts,
      List<Baseline> baselines,
      int maxSteps,
      int bits) {
    Recipe recipe = Recipe.CRAM_PREFIX.withMaxSteps(maxSteps).withVectorBits(bits);
    StringBuilder each = new StringBuilder();
    int held = 0;
    int gained = 0;
    int steps = 0;
    long characters = 0;
    try (VectorSearch search =
        new VectorSearch(
            lm, workers, recipe, Objective.PREDICT_ALL, Score.BY_SECURE_PREFIX, 0.1f)) {
      for (int i = 0; i < texts.size(); i++) {
        VectorSearch.Found found =
            search.searchPrefix(texts.get(i), 1, new SplittableRandom(i), step -> {});
        held += found.held();
        gained += found.held() - baselines.get(i).correct(found.held());
        steps += found.steps();
        each.append(i == 0 ? "" : " ").append(found.held());
        characters += lm.tokenizer().decode(Arrays.copyOf(texts.get(i), found.held())).length();
      }
    }
    long bytes = bits == 32 ? 4L * lm.embeddingSize() : (lm.embeddingSize() * bits + 7L) / 8 + 2;
    double bound =
        TheoreticalBound.tokens(lm.embeddingSize(), lm.vocabularySize())
            * bits
            / TheoreticalBound.BITS;
    System.out.printf(
        Locale.ROOT,
        "| %d | %s | %.1f | %d | %d | %.1f | %.1f | %.1f%% | %.1f | %.1f%% |%n",
        bits,
        each,
        (double) held / texts.size(),
        steps / texts.size(),
        bytes,
        8.0 * bytes * texts.size() / characters,
        8.0 * (bytes + INDEX_BYTES) * texts.size() / characters,
        100 * held / bound / texts.size(),
        (double) gained / texts.size(),
        100 * gained / bound / texts.size());
  }

  /** What the model makes of the passages by themselves; prints their cross-entropy. */
  private static List<Baseline> byThemselves(CausalLm lm, Workers workers, List<int[]> texts) {
    List<Baseline> baselines = new ArrayList<>();
    double nats = 0;
    long bytes = 0;
    for (int[] text : texts) {
      Baseline baseline = Baseline.of(lm, workers, text);
      baselines.add(baseline);
      nats +=
          baseline.crossEntropy(text.length) * (text.length - 1) + Math.log(lm.vocabularySize());
      bytes += lm.tokenizer().decode(text).getBytes(StandardCharsets.UTF_8).length;
    }
    System.out.printf(
        Locale.ROOT,
        "cross-entropy of the passages by themselves (the first token by chance): %.3f bits a character%n%n",
        nats / Math.log(2) / bytes);
    return baselines;
  }
}
