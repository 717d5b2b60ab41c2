package dev.cram.app;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs the command as a user does: a process of its own, with real streams and exit status. */
public final class CramProcess {
  private static final int TIMEOUT_SECONDS = 120;

  private final Path streams;
  private final Map<String, String> environment;

  /** What came of one run. */
  public record Outcome(int status, byte[] out, String err) {}

  /**
   * @param streams a folder for what the processes print
   */
  public CramProcess(Path streams) {
    this(streams, Map.of());
  }

  /**
   * @param environment added to that of the test
   */
  public CramProcess(Path streams, Map<String, String> environment) {
    this.streams = streams;
    this.environment = environment;
  }

  /** Runs to the end, with nothing on standard input. */
  public Outcome run(String... args) {
    return pipe(new byte[0], args);
  }

  /** Runs to the end, with these bytes on standard input. */
  public Outcome pipe(byte[] in, String... args) {
    try {
      Path input = Files.write(streams.resolve("in"), in);
      Process process = command(args).redirectInput(input.toFile()).start();
      return await(process);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a run whose standard input stays open. */
  public Process start(String... args) {
    try {
      return command(args).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a run whose standard output is read while it goes on. */
  public Process startPiped(String... args) {
    try {
      return command(args).redirectOutput(ProcessBuilder.Redirect.PIPE).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a run that prints its results into this file. */
  public Process startInto(Path output, String... args) {
    try {
      Files.deleteIfExists(out().toPath());
      Files.createFile(out().toPath());
      return command(args).redirectOutput(output.toFile()).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The outcome of the run that was started last. */
  public Outcome await(Process process) {
    try {
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("still running after " + TIMEOUT_SECONDS + " s: " + stderr());
      }
      return new Outcome(process.exitValue(), Files.readAllBytes(out().toPath()), stderr());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /** What the run that was started last has said on standard error so far. */
  String stderr() throws IOException {
    return Files.readString(err().toPath(), StandardCharsets.UTF_8);
  }

  private ProcessBuilder command(String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // As the manifest of the program's jar and its launcher say it.
    command.addAll(
        List.of(
            "-Xmx1g",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "--add-exports=java.base/jdk.internal.module=ALL-UNNAMED",
            "-classpath",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            Main.class.getName()));
    command.addAll(List.of(args));
    ProcessBuilder process = new ProcessBuilder(command).redirectOutput(out()).redirectError(err());
    process.environment().putAll(environment);
    return process;
  }

  private File out() {
    return streams.resolve("out").toFile();
  }

  private File err() {
    return streams.resolve("err").toFile();
  }
}
