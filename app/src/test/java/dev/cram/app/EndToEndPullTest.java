package dev.cram.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.cram.app.CramProcess.Outcome;
import dev.cram.lm.files.ModelFiles;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a hub, which is a small server here, to a text in vectors and back. */
class EndToEndPullTest {
  private static final String MODEL = "someone/tiny";
  private static final String COMMIT = "fedcba9876543210fedcba9876543210fedcba98";
  private static final List<String> FILES =
      List.of("config.json", "tokenizer.json", "model.safetensors");

  @TempDir private Path streams;
  @TempDir private Path cache;
  private HttpServer hub;
  private CramProcess cram;

  @BeforeEach
  void start() throws IOException {
    hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    hub.createContext(
        "/",
        exchange -> {
          try (exchange) {
            answer(exchange);
          }
        });
    hub.start();
    cram =
        new CramProcess(
            streams,
            Map.of(
                "HF_ENDPOINT",
                "http://localhost:" + hub.getAddress().getPort(),
                "HF_HUB_CACHE",
                cache.toString(),
                "HF_TOKEN",
                "",
                "HF_HUB_OFFLINE",
                ""));
  }

  @AfterEach
  void stop() {
    hub.stop(0);
  }

  @Test
  void pullsAModelAndCompressesWithIt() {
    byte[] original = "Nobody knew his name.".getBytes(UTF_8);
    Path snapshot = cache.resolve("models--someone--tiny/snapshots/" + COMMIT);

    Outcome pulled = cram.run("pull", MODEL);

    assertThat(pulled.status()).as(pulled.err()).isZero();
    assertThat(pulled.out()).asString(UTF_8).isEqualTo(snapshot + System.lineSeparator());
    assertThat(pulled.err()).contains("3 files", "use it with --model someone/tiny");
    hub.stop(0);
    Outcome there =
        cram.pipe(original, "compress", "-", "-m", MODEL, "--max-steps", "5", "--threads", "1");
    assertThat(there.status()).as(there.err()).isZero();
    // The file says which model it needs.
    Outcome back = cram.pipe(there.out(), "decompress", "-", "--threads", "1");
    assertThat(back.status()).as(back.err()).isZero();
    assertThat(back.out()).isEqualTo(original);
    assertThat(cram.pipe(there.out(), "inspect", "-").out()).asString(UTF_8).contains(MODEL);
  }

  @Test
  void listsModelsForPeopleAndPrograms() {
    cram.run("pull", MODEL, "-q");
    assertThat(cram.run("models").out())
        .asString(UTF_8)
        .containsPattern("cram-tiny +llama +9.9M +300 +13 +4,096 +2,048 +BF16 +19.9 MB +400")
        .containsPattern("someone/tiny +llama +9.9M")
        .contains(cache.toString());

    JsonObject listed =
        JsonParser.parseString(new String(cram.run("models", "--json").out(), UTF_8))
            .getAsJsonArray()
            .get(1)
            .getAsJsonObject();

    assertThat(listed.get("name").getAsString()).isEqualTo(MODEL);
    assertThat(listed.get("parameters").getAsLong()).isEqualTo(9_941_700);
    assertThat(listed.get("supported").getAsBoolean()).isTrue();
    assertThat(listed.get("theoretical_bound").getAsDouble()).isBetween(399.9, 400.1);
  }

  @Test
  void saysInOneLineWhatCannotBeHad() {
    assertRefused("cram pull someone/tiny", "compress", "-", "--model", MODEL);
    assertRefused("there is no such model", "pull", "someone/else");
    assertRefused("expected OWNER/NAME", "pull", "https://huggingface.co/someone/tiny");
    hub.stop(0);
    assertRefused("cannot be reached", "pull", MODEL);
  }

  private void assertRefused(String part, String... args) {
    Outcome outcome = cram.run(args);
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err().lines()).as(outcome.err()).hasSize(1);
    assertThat(outcome.err()).startsWith("cram: ").contains(part);
    assertThat(outcome.out()).isEmpty();
  }

  private static void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String resolve = "/" + MODEL + "/resolve/" + COMMIT + "/";
    if (path.equals("/api/models/" + MODEL + "/revision/main")) {
      JsonObject listing = new JsonObject();
      listing.addProperty("sha", COMMIT);
      listing.add(
          "siblings",
          JsonParser.parseString(
              FILES.stream().map(f -> "{\"rfilename\": \"" + f + "\"}").toList().toString()));
      send(exchange, listing.toString().getBytes(UTF_8));
    } else if (path.startsWith(resolve)) {
      byte[] content = content(path.substring(resolve.length()));
      exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
      exchange.getResponseHeaders().set("X-Linked-Etag", '"' + sha256(content) + '"');
      exchange.getResponseHeaders().set("X-Linked-Size", Integer.toString(content.length));
      send(exchange, content);
    } else {
      exchange.getResponseHeaders().set("X-Error-Code", "RepoNotFound");
      exchange.sendResponseHeaders(404, -1);
    }
  }

  private static void send(HttpExchange exchange, byte[] content) throws IOException {
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(200, -1);
    } else {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content);
    }
  }

  /** The model that ships, as if it were someone's. */
  private static byte[] content(String file) throws IOException {
    try (InputStream in =
        ModelFiles.class.getResourceAsStream("/dev/cram/lm/models/cram-tiny/" + file)) {
      return in.readAllBytes();
    }
  }

  private static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
