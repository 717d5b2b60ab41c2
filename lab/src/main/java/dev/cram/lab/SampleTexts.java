package dev.cram.lab;

import dev.cram.lab.run.Baseline;
import dev.cram.lab.source.TextSource;
import dev.cram.lm.CausalLm;
import dev.cram.lm.InputException;
import dev.cram.tensor.Workers;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/** The sample texts of an experiment as one model's tokens. */
final class SampleTexts {
  /** Characters of a text that a progress display shows. */
  private static final int OPENING = 60;

  /**
   * A sample of a source.
   *
   * @param opening its first words, for people to see
   * @param tokens as many as the longest length asks for, or all that the text has
   * @param baseline of these tokens
   */
  record Sample(String opening, int[] tokens, Baseline baseline) {}

  private final Experiment experiment;
  private final CausalLm lm;
  private final Map<String, Map<Integer, Sample>> samples = new LinkedHashMap<>();

  /** Reads all samples and measures how well the model predicts them by itself. */
  SampleTexts(Experiment experiment, CausalLm lm, Workers workers) {
    this.experiment = experiment;
    this.lm = lm;
    experiment
        .sources()
        .forEach((name, sampling) -> {
          try (TextSource source = TextSource.open(sampling.source())) {
            Map<Integer, Sample> ofSource = new LinkedHashMap<>();
            for (int number = 0; number < sampling.samples(); number++) {
              int sample = number;
              source
                  .text(experiment.textSeed(), number, longest())
                  .flatMap(text -> sample(text, workers))
                  .ifPresent(found -> ofSource.put(sample, found));
            }
            samples.put(name, ofSource);
          }
        });
  }

  /** No model is asked for more tokens than it has positions for. */
  private int longest() {
    return Math.min(experiment.lengths().getLast(), lm.maxPositions());
  }

  private Optional<Sample> sample(String text, Workers workers) {
    int[] tokens = lm.tokenizer().encode(text);
    if (tokens.length < 2) {
      return Optional.empty();
    }
    int[] kept = tokens.length > longest() ? Arrays.copyOf(tokens, longest()) : tokens;
    String opening = text.substring(0, Math.min(OPENING, text.length())).replaceAll("\\s+", " ");
    return Optional.of(
        new Sample(InputException.oneLine(opening), kept, Baseline.of(lm, workers, kept)));
  }

  /** The length of a sample whose source gives each a length of its own, in tokens. */
  int uniformLength(String source, int sample) {
    long ofSource = experiment.textSeed() * 31 + source.hashCode();
    var random = new SplittableRandom(new SplittableRandom(ofSource).nextLong() + sample);
    return random.nextInt(2, experiment.lengths().getLast() + 1);
  }

  /** A sample, if the source has it and it is at least that many tokens long. */
  Optional<Sample> find(String source, int sample, int length) {
    return Optional.ofNullable(samples.get(source).get(sample))
        .filter(found -> found.tokens().length >= length);
  }
}
