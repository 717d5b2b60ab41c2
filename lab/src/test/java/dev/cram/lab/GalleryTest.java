package dev.cram.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.lab.database.LabDatabase;
import dev.cram.lab.report.Gallery;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GalleryTest {
  @TempDir private Path folder;

  @Test
  void runsAreChosenByTheirColumns() throws Exception {
    Path model =
        Path.of(System.getProperty("cram.root", ".."), "lm/src/test/resources/fixtures/llama");
    Path experiment = folder.resolve("small.yaml");
    Files.writeString(
        experiment,
        """
        models: ['%s']
        sources: [random]
        lengths: [4, 8]
        vectors: [1, 2]
        samples: 1
        max-steps: 5
        """
            .formatted(model.toAbsolutePath()));
    Path database = folder.resolve("lab.db");
    try (LabDatabase lab = LabDatabase.open(database)) {
      new Laboratory(lab, 1).run(ExperimentFile.read(experiment), LabListener.SILENT);
    }
    try (LabDatabase lab = LabDatabase.openReadOnly(database)) {
      Gallery all = Gallery.of(lab, Map.of());
      assertThat(all.count()).isEqualTo(4);
      assertThat(all.runs().rows()).hasSize(4);
      assertThat(all.figures()).isNotEmpty().anyMatch(figure -> figure.svg() != null);
      assertThat(all.choices())
          .containsEntry("vectors", List.of("1", "2"))
          .containsEntry("length", List.of("4", "8"));

      assertThat(Gallery.of(lab, Map.of("vectors", "2")).count()).isEqualTo(2);
      assertThat(Gallery.of(lab, Map.of("vectors", "2", "length", "8")).count()).isEqualTo(1);
      Gallery none = Gallery.of(lab, Map.of("source", "it's none' OR 1=1 --"));
      assertThat(none.count()).isZero();
      assertThat(none.figures()).isEmpty();
      // What is no column of a choice is not looked at, least of all as SQL.
      assertThat(Gallery.of(lab, Map.of("1=1; DROP TABLE runs", "x")).count()).isEqualTo(4);
    }
  }
}
