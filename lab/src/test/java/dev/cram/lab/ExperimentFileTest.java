package dev.cram.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lm.InputException;
import dev.cram.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExperimentFileTest {
  @TempDir Path folder;

  private Path file(String yaml) throws Exception {
    return Files.writeString(folder.resolve("probe.yaml"), yaml);
  }

  @Test
  void everyKeyIsRead() throws Exception {
    Experiment experiment =
        ExperimentFile.read(
            file(
                """
                name: all
                models: [cram-tiny, other]
                sources: {prose: dir:books, noise: random}
                lengths: [64, 8]
                vectors: [1, 4]
                seeds: [1, 2]
                samples: 3
                text-seed: 9
                recipe: cram
                max-steps: 70
                patience: 20
                precision: bf16
                goal: capacity
                """));

    assertThat(experiment.name()).isEqualTo("all");
    assertThat(experiment.models()).containsExactly("cram-tiny", "other");
    assertThat(experiment.sources())
        .containsEntry("prose", "dir:" + folder.resolve("books"))
        .containsEntry("noise", "random");
    assertThat(experiment.lengths()).containsExactly(8, 64);
    assertThat(experiment.vectors()).containsExactly(1, 4);
    assertThat(experiment.seeds()).containsExactly(1L, 2L);
    assertThat(experiment.samples()).isEqualTo(3);
    assertThat(experiment.textSeed()).isEqualTo(9);
    assertThat(experiment.recipe().name()).isEqualTo("cram");
    assertThat(experiment.recipe().maxSteps()).isEqualTo(70);
    assertThat(experiment.recipe().patience()).isEqualTo(20);
    assertThat(experiment.precision()).isEqualTo(Precision.BF16);
    assertThat(experiment.goal()).isEqualTo(Experiment.Goal.CAPACITY);
  }

  @Test
  void whatIsLeftOutIsAsInThePaper() throws Exception {
    Experiment experiment = ExperimentFile.read(file("models: cram-tiny\nsources: [random]\n"));

    assertThat(experiment.name()).isEqualTo("probe");
    assertThat(experiment.lengths()).isEqualTo(Experiment.PAPER_LENGTHS);
    assertThat(experiment.recipe().name()).isEqualTo("paper");
    assertThat(experiment.samples()).isEqualTo(50);
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
          [a, b]                                         | expected keys
          {a                                             | YAML
          """)
  void aValueThatMakesNoSenseIsNamed(String yaml, String named) throws Exception {
    Path file = file(yaml);
    assertThatThrownBy(() -> ExperimentFile.read(file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(named);
  }
}
