package dev.cram.lab.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.lab.Experiment;
import dev.cram.lab.LabListener;
import dev.cram.lab.Laboratory;
import dev.cram.lab.Runner;
import dev.cram.lab.Sampling;
import dev.cram.lab.database.LabDatabase;
import dev.cram.lab.run.Run;
import dev.cram.lab.run.RunKey;
import dev.cram.lm.InputException;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A master and two workers, each a process of its own, as on a real cluster. */
@Timeout(300)
class EndToEndClusterTest {
  private static final String MODEL =
      Path.of(System.getProperty("cram.root"), "lm/src/test/resources/fixtures/llama").toString();

  private static final int SAMPLES = 10;

  @TempDir Path folder;

  private StandaloneCluster cluster;

  @AfterEach
  void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static Experiment experiment() {
    return new Experiment(
        "cluster",
        List.of(MODEL),
        Map.of("random", new Sampling("random", SAMPLES, Sampling.Lengths.GRID)),
        List.of(40),
        List.of(1),
        List.of(1L),
        1,
        Recipe.PAPER.withMaxSteps(400),
        Precision.F32,
        Experiment.Goal.ALL,
        0);
  }

  @Test
  void whatAKilledWorkerHadBegunIsDoneByTheOtherAndNothingTwice() throws Exception {
    cluster = StandaloneCluster.start(2, folder.resolve("cluster"));
    List<Path> jars = StandaloneCluster.jarsOfClassPath(folder.resolve("jars"));
    List<Run> heard = new ArrayList<>();
    AtomicBoolean killed = new AtomicBoolean();

    try (LabDatabase lab = LabDatabase.open(folder.resolve("cluster.db"));
        Runner spark = SparkCluster.connect(cluster.master(), settings(), jars)) {
      new Laboratory(lab, spark)
          .run(
              experiment(),
              new LabListener() {
                @Override
                public void finished(Run run) {
                  heard.add(run);
                  if (byExecutor(heard).size() == 2 && killed.compareAndSet(false, true)) {
                    cluster.killWorker(0);
                  }
                }

                @Override
                public void failed(RunKey run, InputException reason) {
                  throw reason;
                }
              });
    }
    assertThat(killed).isTrue();
    assertThat(heard).hasSize(SAMPLES);

    try (LabDatabase lab = LabDatabase.open(folder.resolve("local.db"));
        Runner inThisProcess = SparkCluster.connect("local[1]", settings(), List.of())) {
      new Laboratory(lab, inThisProcess).run(experiment(), LabListener.SILENT);
    }
    assertThat(vectors("cluster.db")).hasSize(SAMPLES).isEqualTo(vectors("local.db"));
    // Each executor has opened the model once, whatever number of runs it did.
    assertThat(cluster.executorLogs())
        .hasSize(2)
        .allSatisfy(log -> assertThat(log).containsOnlyOnce("opened " + MODEL));
  }

  private static Map<String, String> settings() {
    return Map.of(
        "spark.ui.enabled", "false",
        "spark.driver.host", "127.0.0.1",
        "spark.executor.memory", "600m");
  }

  private static Map<String, Integer> byExecutor(List<Run> runs) {
    Map<String, Integer> counts = new TreeMap<>();
    runs.forEach(run -> counts.merge(run.machine(), 1, Integer::sum));
    return counts;
  }

  private Map<String, String> vectors(String database) {
    Map<String, String> vectors = new TreeMap<>();
    try (LabDatabase lab = LabDatabase.openReadOnly(folder.resolve(database))) {
      lab.query(
          "SELECT id, mem::VARCHAR FROM traces",
          row -> vectors.put(row.getString(1), row.getString(2)));
    }
    return vectors;
  }
}
