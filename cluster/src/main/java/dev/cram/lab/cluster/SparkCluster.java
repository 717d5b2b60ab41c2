package dev.cram.lab.cluster;

import dev.cram.lab.Cluster;
import dev.cram.lab.Runner;
import dev.cram.lm.InputException;
import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** Apache Spark: a master's address, {@code local[N]}, {@code yarn} or {@code k8s://...}. */
public final class SparkCluster implements Cluster {
  /** What the virtual machine of an executor needs besides Spark's own options. */
  private static final String EXECUTOR_OPTIONS =
      "--add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED"
          + " --sun-misc-unsafe-memory-access=allow";

  /** System property: the jars that executors need, as in a class path. */
  private static final String JARS = "cram.jars";

  /** Beginnings of the names of jars that executors do without, since only the driver uses them. */
  private static final List<String> DRIVER_ONLY =
      List.of("duckdb_jdbc", "xchart", "VectorGraphics2D", "picocli", "snakeyaml", "slf4j-nop");

  @Override
  public Runner connect(String master, Map<String, String> settings) {
    return connect(master, settings, isLocal(master) ? List.of() : cramJars());
  }

  /**
   * Connects to a cluster.
   *
   * @param jars what executors need of Cram; Spark sends it to them
   */
  static Runner connect(String master, Map<String, String> settings, List<Path> jars) {
    SparkConf conf =
        new SparkConf()
            .setMaster(master)
            .setAppName("cram measure")
            // Only an executor that keeps dying should end an experiment of many hours.
            .set("spark.task.maxFailures", "16")
            // A machine without the model fails in no time, and would get all runs one by one.
            .set("spark.excludeOnFailure.taskAndStage.enabled", "true")
            .set("spark.excludeOnFailure.task.maxTaskAttemptsPerExecutor", "4")
            .set("spark.excludeOnFailure.task.maxTaskAttemptsPerNode", "8")
            .set("spark.excludeOnFailure.stage.maxFailedTasksPerExecutor", "4")
            .set("spark.excludeOnFailure.stage.maxFailedExecutorsPerNode", "64")
            // Of all runs of a model together; the vectors of some 50,000 are a gigabyte.
            .set("spark.driver.maxResultSize", "0")
            .set("spark.log.level", "WARN");
    settings.forEach(conf::set);
    String given = conf.get("spark.executor.extraJavaOptions", "");
    conf.set("spark.executor.extraJavaOptions", (EXECUTOR_OPTIONS + " " + given).strip());
    conf.setJars(jars.stream().map(Path::toString).toArray(String[]::new));
    try {
      return new SparkRunner(new JavaSparkContext(conf));
    } catch (Exception e) {
      // Scala throws checked exceptions without declaring them.
      String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new InputException(master + ": Spark cannot be started there: " + reason, e);
    }
  }

  /** The jars of Cram and of its libraries, which the launcher names. */
  private static List<Path> cramJars() {
    String jars = System.getProperty(JARS);
    if (jars == null) {
      throw new InputException("--master: start Cram by the script ./cram (docs/cluster.md)");
    }
    return Arrays.stream(jars.split(File.pathSeparator))
        .map(Path::of)
        .filter(Predicate.not(SparkCluster::isDriverOnly))
        .toList();
  }

  /** Whether the executor is this virtual machine, which has all classes. */
  private static boolean isLocal(String master) {
    return master.equals("local") || master.startsWith("local[");
  }

  private static boolean isDriverOnly(Path jar) {
    return DRIVER_ONLY.stream().anyMatch(jar.getFileName().toString()::startsWith);
  }
}
