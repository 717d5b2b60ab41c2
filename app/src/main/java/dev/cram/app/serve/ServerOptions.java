package dev.cram.app.serve;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How the page is served.
 *
 * @param host address to listen on
 * @param port to listen on; 0 for any that is free
 * @param token what a visitor must know; none on loopback, unless it is asked for
 * @param models more models to offer than those that {@code cram models} lists: folders, GGUF files
 *     or names
 * @param databases of the laboratory, whose results are shown
 * @param threads that compute a job
 * @param limits on what visitors may send
 */
public record ServerOptions(
    String host,
    int port,
    Optional<String> token,
    List<String> models,
    List<Path> databases,
    int threads,
    Limits limits) {

  /**
   * What visitors may send; the page announces it.
   *
   * @param textBytes the longest text to cram
   * @param fileBytes the largest {@code .cram} file
   * @param uploadSeconds how long an upload may take
   * @param idleSeconds after which a connection on which nothing moves is let go
   * @param jobs that may wait, run or be stopped at a time
   * @param viewers that may follow jobs at a time
   */
  public record Limits(
      int textBytes, int fileBytes, int uploadSeconds, int idleSeconds, int jobs, int viewers) {
    public static final Limits DEFAULT = new Limits(1 << 20, 16 << 20, 30, 30, 20, 200);
  }
}
