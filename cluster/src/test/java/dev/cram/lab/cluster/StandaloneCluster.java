package dev.cram.lab.cluster;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Spark's own master and workers as processes of this machine. */
final class StandaloneCluster implements AutoCloseable {
  private static final Path SPARK_HOME = Path.of("target/spark").toAbsolutePath();
  private static final Duration START = Duration.ofMinutes(2);

  private final Path folder;
  private final List<Process> workers = new ArrayList<>();
  private Process masterProcess;
  private String master;

  private StandaloneCluster(Path folder) {
    this.folder = folder;
  }

  static StandaloneCluster start(int workers, Path folder) throws Exception {
    Files.createDirectories(folder);
    var cluster = new StandaloneCluster(folder);
    try {
      cluster.masterProcess =
          cluster.spark(
              "master",
              "org.apache.spark.deploy.master.Master",
              "--host",
              "127.0.0.1",
              "--port",
              "0",
              "--webui-port",
              "0");
      cluster.master = cluster.awaitLog("master", "Starting Spark master at (spark://\\S+)");
      for (int i = 0; i < workers; i++) {
        cluster.workers.add(
            cluster.spark(
                "worker" + i,
                "org.apache.spark.deploy.worker.Worker",
                "--host",
                "127.0.0.1",
                "--cores",
                "1",
                "--memory",
                "1g",
                "--webui-port",
                "0",
                "--work-dir",
                folder.resolve("work" + i).toString(),
                cluster.master));
      }
      for (int i = 0; i < workers; i++) {
        cluster.awaitLog("worker" + i, "(Successfully registered) with master");
      }
      return cluster;
    } catch (Exception e) {
      cluster.close();
      throw e;
    }
  }

  private Process spark(String name, String... command) throws IOException {
    List<String> all = new ArrayList<>();
    all.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    all.addAll(
        List.of("-Xmx256m", "-XX:+UseSerialGC", "--add-opens=java.base/java.nio=ALL-UNNAMED"));
    all.addAll(List.of("-cp", SPARK_HOME.resolve("jars") + "/*"));
    all.addAll(List.of(command));
    ProcessBuilder builder =
        new ProcessBuilder(all)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(name + ".log").toFile());
    builder.environment().put("SPARK_HOME", SPARK_HOME.toString());
    // As bin/load-spark-env.sh of a Spark distribution does.
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder.start();
  }

  private String awaitLog(String name, String pattern) throws Exception {
    long deadline = System.nanoTime() + START.toNanos();
    String log = "";
    while (System.nanoTime() < deadline) {
      log = Files.readString(folder.resolve(name + ".log"));
      Matcher matcher = Pattern.compile(pattern).matcher(log);
      if (matcher.find()) {
        return matcher.group(1);
      }
      Thread.sleep(100);
    }
    throw new AssertionError(name + " does not start:\n" + log);
  }

  /** The address that a driver connects to. */
  String master() {
    return master;
  }

  /** Kills a worker and its executor, as a power cut would. */
  void killWorker(int worker) {
    Process process = workers.get(worker);
    List<ProcessHandle> executors = process.descendants().toList();
    process.destroyForcibly();
    executors.forEach(ProcessHandle::destroyForcibly);
  }

  /** What each executor that ever ran has written. */
  List<String> executorLogs() throws IOException {
    List<String> logs = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(file -> file.endsWith("stderr")).toList()) {
        logs.add(Files.readString(file));
      }
    }
    return logs;
  }

  /**
   * The class path without Spark, as the jars that executors are sent.
   *
   * @param folder takes jars of what is a folder of classes
   */
  static List<Path> jarsOfClassPath(Path folder) throws IOException {
    Files.createDirectories(folder);
    List<Path> jars = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(":")) {
      Path path = Path.of(entry);
      if (Files.isDirectory(path)) {
        jars.add(jar(path, folder.resolve("classes" + jars.size() + ".jar")));
      } else if (!Files.exists(SPARK_HOME.resolve("jars").resolve(path.getFileName()))
          && !entry.contains("duckdb")) {
        jars.add(path);
      }
    }
    return jars;
  }

  private static Path jar(Path classes, Path jar) throws IOException {
    try (OutputStream out = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(out);
        Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        zip.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
        Files.copy(file, zip);
        zip.closeEntry();
      }
    }
    return jar;
  }

  @Override
  public void close() {
    for (Process worker : workers) {
      worker.descendants().forEach(ProcessHandle::destroyForcibly);
      worker.destroyForcibly();
    }
    if (masterProcess != null) {
      masterProcess.destroyForcibly();
    }
  }
}
