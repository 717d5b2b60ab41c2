package dev.cram.lab;

import dev.cram.lab.run.Baseline;
import dev.cram.lab.source.TextSource;
import dev.cram.lm.CausalLm;
import dev.cram.tensor.Workers;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The sample texts of an experiment as one model's tokens. */
final class SampleTexts {
  /**
   * A sample of a source.
   *
   * @param tokens as many as the longest length asks for, or all that the text has
   * @param baseline of these tokens
   */
  record Sample(int[] tokens, Baseline baseline) {}

  private final Experiment experiment;
  private final CausalLm lm;
  private final Map<String, Map<Integer, Sample>> samples = new LinkedHashMap<>();

  /** Reads all samples and measures how well the model predicts them by itself. */
  SampleTexts(Experiment experiment, CausalLm lm, Workers workers) {
    this.experiment = experiment;
    this.lm = lm;
    experiment
        .sources()
        .forEach((name, spec) -> {
          try (TextSource source = TextSource.open(spec)) {
            Map<Integer, Sample> ofSource = new LinkedHashMap<>();
            for (int number = 0; number < experiment.samples(); number++) {
              int sample = number;
              tokens(source, number)
                  .ifPresent(tokens ->
                      ofSource.put(sample, new Sample(tokens, Baseline.of(lm, workers, tokens))));
            }
            samples.put(name, ofSource);
          }
        });
  }

  private Optional<int[]> tokens(TextSource source, int sample) {
    int longest = experiment.lengths().getLast();
    return source
        .text(experiment.textSeed(), sample, longest)
        .map(text -> lm.tokenizer().encode(text))
        .map(tokens -> tokens.length > longest ? Arrays.copyOf(tokens, longest) : tokens)
        .filter(tokens -> tokens.length >= 2);
  }

  /** A sample, if the source has it and it is at least that many tokens long. */
  Optional<Sample> find(String source, int sample, int length) {
    return Optional.ofNullable(samples.get(source).get(sample))
        .filter(found -> found.tokens().length >= length);
  }
}
