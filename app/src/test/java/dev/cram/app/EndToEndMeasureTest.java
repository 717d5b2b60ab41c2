package dev.cram.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Experiments as a user runs them, killed and gone on with. */
class EndToEndMeasureTest {
  private static final String MODEL =
      Path.of(System.getProperty("cram.root"), "lm/src/test/resources/fixtures/llama").toString();

  private static final int SAMPLES = 30;

  @TempDir Path folder;

  private String[] measure() {
    return new String[] {
      "measure",
      "--model=" + MODEL,
      "--source=random",
      "--length=30",
      "--samples=" + SAMPLES,
      "--max-steps=150",
      "--threads=1",
      "--database=" + folder.resolve("lab.db"),
    };
  }

  @Test
  void aDryRunWritesNothing() throws Exception {
    String[] dry = Arrays.copyOf(measure(), measure().length + 1);
    dry[dry.length - 1] = "--dry-run";
    CramProcess.Outcome outcome = new CramProcess(folder).run(dry);
    assertThat(outcome.status()).isZero();
    assertThat(outcome.err()).contains(SAMPLES + " runs to do");
    assertThat(folder.resolve("lab.db")).doesNotExist();
  }

  @Test
  void aRaceIsRunOnTheSameTextsAndItsRunsAreExported() throws Exception {
    CramProcess cram = new CramProcess(folder);
    String database = folder.resolve("race.db").toString();
    CramProcess.Outcome race =
        cram.run(
            "race",
            "--model=" + MODEL,
            "--source=random",
            "--length=4",
            "--samples=2",
            "--max-steps=20",
            "--recipes=cram,one-step",
            "--within-steps=10",
            "-q",
            "-d",
            database);
    assertThat(race.status()).isZero();
    List<String> lines = new String(race.out(), UTF_8).lines().toList();
    assertThat(lines).hasSize(3);
    assertThat(lines.getFirst()).startsWith("model");
    assertThat(lines.subList(1, 3)).anySatisfy(line -> assertThat(line).contains(" cram "));
    // Model, source, tokens, vectors, recipe, texts.
    assertThat(lines.subList(1, 3))
        .anySatisfy(line -> assertThat(line).containsPattern("4 +2 +one-step +2 "));

    Path results = folder.resolve("results.csv");
    Path traces = folder.resolve("traces.parquet");
    assertThat(cram.run("export", database, "-o", results.toString()).status()).isZero();
    assertThat(cram.run("export", database, "--table", "traces", "-o", traces.toString()).status())
        .isZero();
    assertThat(results).content().hasLineCount(5).contains("one-step", "recipe_revision");
    String count = "SELECT count(*), sum(len(mem)) FROM '" + traces + "'";
    assertThat(lastLine(cram.run("sql", database, count))).isEqualTo("4\t384");
  }

  @Test
  void aKilledExperimentGoesOnWhereItWasAndASecondProcessIsToldToWait() throws Exception {
    CramProcess first = new CramProcess(Files.createDirectories(folder.resolve("first")));
    CramProcess other = new CramProcess(Files.createDirectories(folder.resolve("other")));
    Path database = folder.resolve("lab.db");
    Process killed = first.start(measure());
    try {
      awaitRuns(killed);
      CramProcess.Outcome meanwhile = other.run(measure());
      assertThat(meanwhile.status()).isEqualTo(1);
      assertThat(meanwhile.err())
          .isEqualTo(
              "cram: "
                  + database
                  + ": is in use by another process; wait for it, or give another file\n");
    } finally {
      // SIGKILL.
      killed.destroyForcibly().waitFor();
    }
    String count = "SELECT count(*), count(DISTINCT id), (SELECT count(*) FROM traces) FROM runs";
    String[] atKill = lastLine(other.run("sql", database.toString(), count)).split("\t");
    int done = Integer.parseInt(atKill[0]);
    assertThat(done).isBetween(1, SAMPLES - 1);
    assertThat(atKill).containsOnly(atKill[0]);

    CramProcess.Outcome rest = other.run(measure());
    assertThat(rest.status()).isZero();
    assertThat(rest.err()).contains(done + " in the database already");
    String[] atEnd = lastLine(other.run("sql", database.toString(), count)).split("\t");
    assertThat(atEnd).containsOnly(Integer.toString(SAMPLES));
  }

  /** Until the write-ahead log shows that runs have been recorded. */
  private void awaitRuns(Process process) throws Exception {
    Path log = folder.resolve("lab.db.wal");
    long schema = 0;
    for (int i = 0; i < 1200 && process.isAlive(); i++) {
      Thread.sleep(50);
      long size = Files.exists(log) ? Files.size(log) : 0;
      schema = schema == 0 ? size : schema;
      if (size > schema + 5_000) {
        return;
      }
    }
    throw new AssertionError("no run is recorded");
  }

  private static String lastLine(CramProcess.Outcome outcome) {
    assertThat(outcome.err()).isEmpty();
    return new String(outcome.out(), UTF_8).lines().reduce((a, b) -> b).orElseThrow();
  }
}
