package dev.cram.app;

import dev.cram.app.serve.ServerOptions;
import dev.cram.app.serve.WebServer;
import dev.cram.lm.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "serve",
    description = {
      "Serves a web page on which texts are crammed, decoded and played with before your eyes, and"
          + " the results of the laboratory are shown.",
      "It listens on this machine alone, unless --host says otherwise; then visitors need the token"
          + " in the address that is printed.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  cram serve                                 then open http://localhost:2726/",
      "  cram serve --database table1-small.db --model ~/models/SmolLM2-135M",
      "  cram serve --host 0.0.0.0                  for others in the room too",
    })
final class ServeCommand implements Runnable {
  /** What a cookie can hold as it is. */
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+-]{1,200}");

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "localhost",
      description = "Address to listen on (default: ${DEFAULT-VALUE}).")
  private String host;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "2726",
      description = "Port to listen on; 0 for any that is free (default: ${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      description =
          "What visitors must know (default: a new one where other machines can reach the page,"
              + " else none).")
  private String token;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      description = "One more model to offer than those that cram models lists; may be repeated.")
  private List<String> models = List.of();

  @Option(
      names = {"-d", "--database"},
      paramLabel = "DATABASE",
      description = "Database of cram measure whose results are shown; may be repeated.")
  private List<Path> databases = List.of();

  @Option(
      names = "--threads",
      paramLabel = "T",
      converter = ModelOptions.Threads.class,
      description = "Threads of a job (default: all cores).")
  private Integer threads;

  @Override
  public void run() {
    for (Path database : databases) {
      if (!Files.isRegularFile(database)) {
        throw new InputException(database + ": no such database; cram measure makes one");
      }
    }
    if (port < 0 || port > 65535) {
      throw new InputException("there is no port " + port + "; give one from 0 to 65535");
    }
    if (token != null && !TOKEN.matcher(token).matches()) {
      throw new InputException(
          "--token: expected 1 to 200 letters, digits or any of . _ ~ + - and not '" + token + "'");
    }
    VectorModule.load();
    ServerOptions options =
        new ServerOptions(
            host,
            port,
            Optional.ofNullable(token).or(() -> WebServer.tokenFor(host)),
            models,
            databases,
            threads == null ? Runtime.getRuntime().availableProcessors() : threads,
            ServerOptions.Limits.DEFAULT);
    try (WebServer server = WebServer.start(options)) {
      System.out.println("open " + server.address() + " (Ctrl-C ends it)");
      System.out.flush();
      Thread.currentThread().join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
