package dev.cram.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import dev.cram.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExperimentFileTest {
  @TempDir Path folder;

  private Path file(String yaml) throws Exception {
    return Files.writeString(folder.resolve("probe.yaml"), yaml);
  }

  @Test
  void everyKeyIsRead() throws Exception {
    Experiment experiment =
        read(
            file(
                """
                name: all
                models: [cram-tiny, other]
                sources:
                  prose: dir:books
                  noise: {source: random, samples: 9, lengths: uniform}
                lengths: [64, 8]
                vectors: [1, 4]
                seeds: [1, 5..6]
                samples: 3
                text-seed: 9
                recipe: cram
                max-steps: 70
                patience: 20
                precision: bf16
                goal: capacity
                line-points: 11
                """));

    assertThat(experiment.name()).isEqualTo("all");
    assertThat(experiment.models()).containsExactly("cram-tiny", "other");
    assertThat(experiment.sources())
        .containsEntry(
            "prose", new Sampling("dir:" + folder.resolve("books"), 3, Sampling.Lengths.GRID))
        .containsEntry("noise", new Sampling("random", 9, Sampling.Lengths.UNIFORM));
    assertThat(experiment.lengths()).containsExactly(8, 64);
    assertThat(experiment.vectors()).containsExactly(1, 4);
    assertThat(experiment.seeds()).containsExactly(1L, 5L, 6L);
    assertThat(experiment.textSeed()).isEqualTo(9);
    assertThat(experiment.recipe().name()).isEqualTo("cram");
    assertThat(experiment.recipe().maxSteps()).isEqualTo(70);
    assertThat(experiment.recipe().patience()).isEqualTo(20);
    assertThat(experiment.precision()).isEqualTo(Precision.BF16);
    assertThat(experiment.goal()).isEqualTo(Experiment.Goal.CAPACITY);
    assertThat(experiment.linePoints()).isEqualTo(11);
  }

  /** The only experiment of a file. */
  private static Experiment read(Path file) {
    List<Experiment> experiments = ExperimentFile.read(file);
    assertThat(experiments).hasSize(1);
    return experiments.getFirst();
  }

  @Test
  void tomlHasTheSameKeys() throws Exception {
    Path yaml =
        file(
            """
            name: same
            models: [cram-tiny]
            sources: {noise: {source: random, samples: 9, lengths: uniform}}
            lengths: [8, 16]
            recipe: cram
            parts: [{vectors: 1}, {vectors: [2, 4], samples: 3}]
            """);
    Path toml =
        Files.writeString(
            folder.resolve("probe.toml"),
            """
            name = "same"
            models = ["cram-tiny"]
            lengths = [8, 16]
            recipe = "cram"
            [sources.noise]
            source = "random"
            samples = 9
            lengths = "uniform"
            [[parts]]
            vectors = 1
            [[parts]]
            vectors = [2, 4]
            samples = 3
            """);
    assertThat(ExperimentFile.read(toml).toString())
        .isEqualTo(ExperimentFile.read(yaml).toString());
  }

  @Test
  void partsDifferInTheKeysThatTheyHave() throws Exception {
    List<Experiment> parts =
        ExperimentFile.read(
            file(
                """
                models: [cram-tiny]
                sources: [random]
                lengths: [8, 16]
                parts:
                - samples: 20
                - {vectors: [2, 4], samples: 5}
                """),
            Map.of("max-steps", 7));
    assertThat(parts).extracting(Experiment::vectors).containsExactly(List.of(1), List.of(2, 4));
    assertThat(parts)
        .extracting(part -> part.sources().get("random").samples())
        .containsExactly(20, 5);
    assertThat(parts).allSatisfy(part -> assertThat(part.recipe().maxSteps()).isEqualTo(7));
    assertThat(parts).allSatisfy(part -> assertThat(part.lengths()).isEqualTo(List.of(8, 16)));
  }

  @Test
  void oneStepHasTwoVectorsAndNothingElse() throws Exception {
    Path file = file("{models: [cram-tiny], sources: [random], recipe: one-step}");
    assertThat(ExperimentFile.read(file).getFirst().vectors()).containsExactly(2);
    assertThatThrownBy(() -> ExperimentFile.read(file, Map.of("vectors", List.of(1))))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("vectors: the recipe one-step always has 2");
    assertThatThrownBy(() -> ExperimentFile.read(file, Map.of("line-points", 3)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("line-points");
  }

  @Test
  void aFileThatIsNotThereIsNamedOnce() {
    assertThatThrownBy(() -> ExperimentFile.read(folder.resolve("none.yaml")))
        .isInstanceOf(InputException.class)
        .hasMessage(folder.resolve("none.yaml") + " does not exist; name an experiment file");
  }

  @Test
  void samplesThatAreGivenBesideTheFileCountForAllSources() throws Exception {
    Path file =
        file(
            """
            models: [cram-tiny]
            sources: {a: random, b: {source: random, samples: 9}}
            """);
    assertThat(ExperimentFile.read(file, Map.of("samples", 2)).getFirst().sources().values())
        .extracting(Sampling::samples)
        .containsExactly(2, 2);
  }

  @Test
  void anotherListOfWordsIsForAllRandomSources() throws Exception {
    Experiment experiment =
        read(file("models: a\nsources: {x: random, y: {source: random}}\nwords: list.txt\n"));
    assertThat(experiment.sources().values())
        .extracting(Sampling::source)
        .containsOnly("random:" + folder.resolve("list.txt"));
  }

  @Test
  void theShippedExperimentsAreValid() throws Exception {
    try (var files = Files.list(Path.of(System.getProperty("cram.root"), "experiments"))) {
      List<Path> all = files.toList();
      assertThat(all).hasSizeGreaterThan(5);
      assertThat(all).allSatisfy(file -> assertThat(ExperimentFile.read(file)).isNotEmpty());
    }
  }

  @Test
  void whatIsLeftOutIsAsInThePaper() throws Exception {
    Experiment experiment = read(file("models: cram-tiny\nsources: [random]\n"));

    assertThat(experiment.name()).isEqualTo("probe");
    assertThat(experiment.lengths()).isEqualTo(Experiment.PAPER_LENGTHS);
    assertThat(experiment.recipe().name()).isEqualTo("paper");
    assertThat(experiment.sources())
        .containsExactly(Map.entry("random", new Sampling("random", 50, Sampling.Lengths.GRID)));
    assertThat(experiment.linePoints()).isZero();
  }

  @Test
  void anUnknownKeyIsNamedWithTheNearestOne() throws Exception {
    Path file = file("models: cram-tiny\nsource: [random]\n");
    assertThatThrownBy(() -> ExperimentFile.read(file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("'source'")
        .hasMessageContaining("did you mean 'sources'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          sources: [random]                              | models
          models: cram-tiny                              | sources
          {models: a, sources: [random], samples: many}  | 'many'
          {models: a, sources: [random], samples: 0}     | samples
          {models: a, sources: [random], lengths: [1]}   | lengths
          {models: a, sources: [random], goal: both}     | all, capacity
          {models: a, sources: [random], recipe: best}   | "best"
          {models: a, sources: [random], max-steps: -1}  | -1
          {models: a, sources: {b: {from: c}}}           | did you mean
          {models: a, sources: {b: {samples: 2}}}        | 'source'
          {models: a, sources: [random], seeds: 9..1}    | 9..1
          {models: a, sources: [random], parts: []}      | parts
          {models: a, sources: [random], line-points: 1} | line-points
          {models: a, sources: [random], lengths: [99999999999]} | lengths: expected numbers below 2^31
          [a, b]                                         | expected keys
          {a                                             | YAML
          """)
  void aValueThatMakesNoSenseIsNamed(String yaml, String named) throws Exception {
    Path file = file(yaml);
    assertThatThrownBy(() -> ExperimentFile.read(file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(named);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "!3%F",
        "sources: {?, b}",
        "models: [\"a\\0\"]\nsources: [random]",
        "name: x;session_init_sql_file=evil.sql\nmodels: [a]\nsources: [random]",
        "name: /tmp/x\nmodels: [a]\nsources: [random]",
        "name: 'md:x'\nmodels: [a]\nsources: [random]",
        "models: &itself [[*itself]]",
        "parts: &itself [{models: *itself}]",
        "{{",
        "a: &a [x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\n"
            + "d: &d [*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d]\n"
            + "f: &f [*e,*e,*e,*e,*e,*e,*e]\nmodels: [*f,*f,*f,*f,*f,*f,*f]"
      })
  void whatMakesNoExperimentIsRefused(String yaml) throws Exception {
    Path file = file(yaml);

    assertThatThrownBy(() -> read(file))
        .isInstanceOf(InputException.class)
        .message()
        .startsWith(file.toString())
        .hasSizeLessThan(1000);
  }

  @Test
  void aFolderIsRefused() {
    assertThatThrownBy(() -> ExperimentFile.read(Path.of("/"))).isInstanceOf(InputException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{a: ", "- ", "? "})
  void whatIsNestedTooDeeplyIsRefused(String opening) throws Exception {
    Path file = file(opening.repeat(20_000));

    assertThatThrownBy(() -> read(file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("nested");
  }
}
