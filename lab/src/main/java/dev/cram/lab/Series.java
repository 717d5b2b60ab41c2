package dev.cram.lab;

import dev.cram.lab.run.RunKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** The runs of an experiment that differ in text and length alone: a capacity is sought in them. */
final class Series {
  private final Experiment experiment;
  private final SampleTexts texts;
  private final String source;
  private final Sampling sampling;
  private final int vectors;
  private final long seed;
  private final int positions;
  private final LengthSearch search;

  /** Runs of the present round. */
  private final List<RunKey> asked = new ArrayList<>();

  /**
   * @param vectors K
   * @param positions rows that the model can take
   */
  Series(
      Experiment experiment,
      SampleTexts texts,
      String source,
      Sampling sampling,
      int vectors,
      long seed,
      int positions) {
    this.experiment = experiment;
    this.texts = texts;
    this.source = source;
    this.sampling = sampling;
    this.vectors = vectors;
    this.seed = seed;
    this.positions = positions;
    search =
        new LengthSearch(
            experiment.lengths().stream().filter(length -> isUniform() || fits(length)).toList(),
            isUniform() ? Experiment.Goal.ALL : experiment.goal());
  }

  Experiment experiment() {
    return experiment;
  }

  String source() {
    return source;
  }

  int samples() {
    return sampling.samples();
  }

  int vectors() {
    return vectors;
  }

  long seed() {
    return seed;
  }

  private boolean isUniform() {
    return sampling.lengths() == Sampling.Lengths.UNIFORM;
  }

  /** The last token is predicted, not read. */
  private boolean fits(int length) {
    return vectors + length - 1 <= positions;
  }

  /** How many of all its runs the model has too few positions for. */
  int tooLong() {
    IntStream lengths =
        isUniform()
            ? IntStream.range(0, samples()).map(this::uniformLength)
            : experiment.lengths().stream().mapToInt(Integer::intValue);
    int unfit = (int) lengths.filter(length -> !fits(length)).count();
    return isUniform() ? unfit : unfit * samples();
  }

  private int uniformLength(int sample) {
    return texts.uniformLength(source, sample);
  }

  void startRound() {
    asked.clear();
  }

  /** The lengths that a sample is run at in this round. */
  List<Integer> next(int sample) {
    if (isOver()) {
      return List.of();
    }
    return isUniform()
        ? List.of(uniformLength(sample)).stream().filter(this::fits).toList()
        : search.next();
  }

  /** A sample, if the source has it and it is at least that many tokens long. */
  Optional<SampleTexts.Sample> text(int sample, int length) {
    return texts.find(source, sample, length);
  }

  /** Notes a run of this round. */
  void asks(RunKey key) {
    asked.add(key);
  }

  /** Takes in the results of the round, by {@link RunKey#id}. */
  void learn(Map<String, Double> accuracies) {
    if (isOver()) {
      return;
    }
    search.learn(length ->
        asked.stream()
            .filter(key -> key.length() == length && accuracies.containsKey(key.id()))
            .mapToDouble(key -> accuracies.get(key.id()))
            .average()
            .orElse(0));
  }

  boolean isOver() {
    return search.isOver();
  }
}
