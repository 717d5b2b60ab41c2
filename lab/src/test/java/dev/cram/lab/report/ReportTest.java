package dev.cram.lab.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.lab.database.LabDatabase;
import dev.cram.lab.run.Curve;
import dev.cram.lab.run.Line;
import dev.cram.lab.run.Run;
import dev.cram.lab.run.RunKey;
import dev.cram.lm.InputException;
import dev.cram.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A report of results that are made up so that their law is known: every vector holds 100 nats. */
class ReportTest {
  private static final double GAIN = 100;
  private static final double NATS_A_TOKEN = 5;

  @TempDir private static Path folder;

  private static LabDatabase lab;

  private static Run run(String model, String source, int sample, int length, int k, long seed) {
    RunKey key =
        new RunKey(
            model,
            "weights of " + model,
            Precision.F32,
            source,
            sample,
            source + sample + " " + length,
            length,
            k,
            "paper",
            10,
            10,
            seed);
    double before = NATS_A_TOKEN * length + sample;
    double after = Math.max(0.01, before - k * GAIN - (sample - 1));
    int predicted = length - 1;
    int correct = (int) Math.min(predicted, k * GAIN / NATS_A_TOKEN);
    float[] vectors = new float[8 * k];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = (float) Math.sin(i + sample + 0.1 * seed);
    }
    return new Run(
        key,
        8,
        4096,
        10,
        9,
        0.5,
        correct,
        1,
        after / length,
        before / length,
        correct == predicted ? length : correct + 1,
        new float[predicted],
        vectors,
        new Curve(new int[] {1, 2}, new float[2], new float[2], new int[] {1, 3}),
        Instant.EPOCH,
        "machine",
        "test");
  }

  @BeforeAll
  static void write() {
    lab = LabDatabase.open(folder.resolve("lab.db"));
    for (String model : List.of("tiny", "pythia-160m")) {
      for (String source : List.of("novels", "random")) {
        for (int sample = 0; sample < 3; sample++) {
          for (int length : List.of(8, 16, 64, 128)) {
            for (int k : List.of(1, 2)) {
              lab.add("test", run(model, source, sample, length, k, 1));
            }
          }
        }
      }
    }
    Run one = run("tiny", "novels", 0, 16, 1, 1);
    for (long seed = 2; seed < 5; seed++) {
      Run other = run("tiny", "novels", 0, 16, 1, seed);
      lab.add("test", other);
      lab.add(
          new Line(
              one.key().id(), other.key().id(), new float[] {1, 0.5f, 1}, new float[] {0, 1, 0}));
    }
    Report.write(lab, folder.resolve("report"));
  }

  @AfterAll
  static void close() {
    lab.close();
  }

  @Test
  void everyFigureOfThePaperAndOursIsDrawn() throws Exception {
    String page = Files.readString(folder.resolve("report/index.html"));
    for (String figure :
        List.of(
            "figure1",
            "figure3",
            "figure4a",
            "figure4b",
            "figure5",
            "figure7",
            "figure8",
            "horizon",
            "horizon-time",
            "margins",
            "bits")) {
      assertThat(page).contains("data=\"figures/" + figure + ".svg\"");
      assertThat(folder.resolve("report/data/" + figure + ".csv")).isNotEmptyFile();
      assertThat(Files.readString(folder.resolve("report/figures/" + figure + ".svg")))
          .startsWith("<?xml")
          .contains(figure.equals("margins") ? "<path" : "<title>");
    }
    // Drawn from one model or source alone, too.
    assertThat(folder.resolve("report/figures/figure3--model-tiny.svg")).isNotEmptyFile();
    assertThat(folder.resolve("report/figures/figure3--source-random.svg")).isNotEmptyFile();
    // Nothing that a page without a server cannot load.
    assertThat(page).doesNotContain("http://").doesNotContain("https://");
    try (Stream<Path> files = Files.walk(folder.resolve("report"))) {
      assertThat(files.filter(file -> file.toString().contains(" "))).isEmpty();
    }
  }

  @Test
  void aReportThatIsMadeAgainLeavesNothingOfTheLastOne() throws Exception {
    Path again = folder.resolve("again");
    Path old = again.resolve("figures/bits--model-forgotten.svg");
    Path foreign = again.resolve("figures/my-own.svg");
    Path page = again.resolve("index.html");
    try (LabDatabase small = LabDatabase.open(folder.resolve("small.db"))) {
      small.add("test", run("tiny", "novels", 0, 16, 1, 1));
      Report.write(small, again);
      Files.writeString(old, "<svg/>");
      Files.writeString(foreign, "<svg/>");
      Files.writeString(
          page, Files.readString(page) + "<a href=\"figures/bits--model-forgotten.svg\">SVG</a>");

      Report.write(small, again);
    }
    assertThat(old).doesNotExist();
    assertThat(foreign).exists();
    assertThat(again.resolve("figures/bits.svg")).exists();
  }

  @Test
  void aPageOfSomebodyElseStays() throws Exception {
    Path site = Files.createDirectories(folder.resolve("site/figures")).getParent();
    Path own = Files.writeString(site.resolve("figures/a.svg"), "<svg/>");
    Path page = Files.writeString(site.resolve("index.html"), "<img src=\"figures/a.svg\">");

    assertThatThrownBy(() -> Report.write(lab, site))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is not a report of Cram");

    assertThat(own).exists();
    assertThat(page).hasContent("<img src=\"figures/a.svg\">");
  }

  @Test
  void whateverSourcesAreCalledEachHasFiguresOfItsOwn() throws Exception {
    Path named = folder.resolve("named");
    try (LabDatabase small = LabDatabase.open(folder.resolve("named.db"))) {
      for (String source : List.of("\u4e2d\u6587", "\u82f1\u6587", "no gain")) {
        small.add("test", run("tiny", source, 0, 16, 1, 1));
        small.add("test", run("tiny", source, 1, 128, 1, 1));
      }
      Report.write(small, named);
    }
    try (Stream<Path> files = Files.list(named.resolve("figures"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .filteredOn(name -> name.startsWith("figure3--source-"))
          .hasSize(3);
    }
  }

  @Test
  void theClaimsSayWhatTheNumbersSay() {
    Table claims = Claims.of(lab).where("model", "tiny");
    Table gains =
        claims.where("claim", "Capacity grows linearly with K: Information Gain a vector");
    assertThat(gains.text(0, "verdict")).isEqualTo("holds");
    assertThat(gains.text(0, "measured")).contains("100 ±").contains("at K = 2");
    assertThat(
            claims
                .where("claim", "Information Gain is constant over the length once saturated")
                .text(0, "verdict"))
        .isEqualTo("holds");
    // Both kinds of text are made to decode equally long.
    assertThat(
            claims
                .where("claim", "Natural text decodes longer than random text")
                .text(0, "verdict"))
        .isEqualTo("fails");
  }

  @Test
  void thePapersValuesStandBesideOursWhereTheModelIsTheSame() {
    Selection.ALL.apply(lab);
    Table table = CapacityFigures.table1(lab).orElseThrow().data();
    Table paper = table.where("recipe", PaperValues.RECIPE);
    assertThat(paper.distinct("model")).containsExactly("Pythia-160M");
    assertThat(paper.where("source", "pg19").text(0, "Information Gain (nats)")).isEqualTo("396");
  }
}
