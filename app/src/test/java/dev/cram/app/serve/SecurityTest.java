package dev.cram.app.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.container.CramFile;
import dev.cram.container.ModelIdentity;
import dev.cram.container.Section;
import dev.cram.tensor.Precision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Those who mean harm get one line, and everybody else is served on. */
class SecurityTest {
  private static final ServerOptions.Limits LIMITS =
      new ServerOptions.Limits(1 << 16, 1 << 20, 1, 2, 3, 200);

  private static WebServer server;
  private static Visitor visitor;

  @BeforeAll
  static void start() {
    server = Visitor.serve(LIMITS);
    visitor = new Visitor(server);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void theServerLivesOn() {
    assertThat(visitor.get("/").statusCode()).isEqualTo(200);
    assertThat(visitor.get("/api/jobs").statusCode()).isEqualTo(200);
  }

  private static void assertRefused(HttpResponse<String> answer, int status, String line) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.body().lines()).hasSize(1).first().asString().contains(line);
    assertThat(answer.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
  }

  @Test
  void limitsAreAnnouncedAndKept() throws IOException {
    assertThat(visitor.get("/api/info").body()).contains("\"textBytes\":65536");
    byte[] large = new byte[LIMITS.textBytes() + 1];
    assertRefused(visitor.post("/api/jobs", large), 413, "at most 65536 bytes");
    // In chunks, without saying beforehand how much comes.
    var endless = BodyPublishers.ofInputStream(() -> InputStream.nullInputStream());
    assertRefused(visitor.send(visitor.request("/api/jobs").POST(endless)), 400, "empty");
    var chunked = BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(large));
    assertRefused(visitor.send(visitor.request("/api/jobs").POST(chunked)), 413, "at most");
    assertRefused(
        visitor.post("/api/files", new byte[LIMITS.fileBytes() + 1]), 413, "at most 1048576 bytes");
  }

  @Test
  void thereIsNoRoomForEverMoreJobs() {
    int[] jobs = new int[LIMITS.jobs()];
    for (int i = 0; i < jobs.length; i++) {
      jobs[i] = visitor.cram("A gate that stood open. ".repeat(1000), "seed=" + i);
    }
    assertRefused(visitor.post("/api/jobs", "one more"), 503, "3 jobs already");
    for (int job : jobs) {
      visitor.post("/api/jobs/" + job + "/give-up", "");
    }
    for (int job : jobs) {
      visitor.await(job, "given_up");
    }
  }

  @Test
  void aModelIsOneOfThoseListedNeverAPath() {
    for (String model :
        List.of(
            "/etc/passwd",
            "../shared",
            "lm/src/test/resources",
            "cram-tiny/",
            "%00",
            "CRAM-TINY")) {
      assertRefused(
          visitor.post("/api/jobs?model=" + model.replace("/", "%2F"), "text"),
          400,
          "there are: cram-tiny");
    }
  }

  @Test
  void aVisitorsNamesNeverReachTheFileSystem() {
    int job = visitor.cram("The gate.", "name=..%2F..%2Fetc%2Fpass%0Awd%22%3Bx%00.txt");
    visitor.await(job, "done");
    String disposition =
        visitor
            .get("/api/jobs/" + job + "/file.cram")
            .headers()
            .firstValue("Content-Disposition")
            .orElseThrow();
    assertThat(disposition).matches("attachment; filename=\"[A-Za-z0-9_-]+[.]cram\"");
    for (String path :
        List.of("/..%2f..%2fpom.xml", "/%2e%2e/pom.xml", "/page/index.html", "/style.css%00")) {
      assertThat(visitor.get(path).statusCode()).as(path).isBetween(400, 404);
    }
  }

  @Test
  void requestsFromOtherOriginsAreRefused() {
    var evil = visitor.request("/api/jobs").header("Origin", "http://evil.example");
    assertRefused(visitor.send(evil.POST(BodyPublishers.ofString("x"))), 403, "another origin");
    assertRefused(
        visitor.send(visitor.request("/api/jobs").header("Origin", "null")), 403, "another origin");
    assertRefused(
        visitor.send(visitor.request("/api/jobs").header("Sec-Fetch-Site", "cross-site")),
        403,
        "another origin");
    var own = visitor.request("/api/jobs").header("Origin", "http://localhost:" + visitor.port());
    assertThat(visitor.send(own).statusCode()).isEqualTo(200);
    // A link from elsewhere may open the page, which can then do what it does.
    var link =
        visitor
            .request("/")
            .header("Sec-Fetch-Site", "cross-site")
            .header("Sec-Fetch-Mode", "navigate");
    assertThat(visitor.send(link).statusCode()).isEqualTo(200);
  }

  @Test
  void aForeignNameThatPointsHereIsRefused() throws IOException {
    assertThat(raw("GET /api/jobs HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 403")
        .endsWith("this server answers to localhost only\n");
  }

  @Test
  void everyAnswerHasItsHeaders() {
    for (String path : List.of("/", "/main.js", "/api/info", "/nothing")) {
      var headers = visitor.get(path).headers();
      assertThat(headers.firstValue("Content-Security-Policy").orElse(""))
          .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
          .doesNotContain("unsafe");
      assertThat(headers.firstValue("X-Content-Type-Options")).hasValue("nosniff");
      assertThat(headers.firstValue("X-Frame-Options")).hasValue("DENY");
      assertThat(headers.firstValue("Server")).isEmpty();
    }
  }

  @Test
  void malformedRequestsAreAnsweredInOneLine() throws IOException {
    for (String request :
        List.of(
            "GARBAGE\r\n\r\n",
            "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
            "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
            "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding:"
                + " chunked\r\n\r\nabc",
            "GET /" + "x".repeat(20000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")) {
      String answer = raw(request);
      assertThat(answer).as(request).matches("(?s)HTTP/1.1 [45].*");
      assertThat(answer.substring(answer.indexOf("\r\n\r\n") + 4).lines().count())
          .as(answer)
          .isLessThanOrEqualTo(1);
      assertThat(answer).doesNotContain("\tat ", "jetty");
    }
  }

  @Test
  void anUploadThatNeverEndsIsGivenUp() throws IOException {
    try (Socket socket = new Socket("localhost", visitor.port())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
              .getBytes(ISO_8859_1));
      long started = System.nanoTime();
      // A byte now and then, so that the connection is never idle.
      while (socket.getInputStream().available() == 0) {
        assertThat(System.nanoTime() - started).isLessThan(20_000_000_000L);
        out.write("1\r\na\r\n".getBytes(ISO_8859_1));
        out.flush();
        Visitor.sleep(50);
      }
      assertThat(read(socket)).startsWith("HTTP/1.1 408").contains("took longer than 1 s");
    }
  }

  @Test
  void anUploadThatStopsIsGivenUp() throws IOException {
    try (Socket socket = new Socket("localhost", visitor.port())) {
      socket
          .getOutputStream()
          .write(
              ("POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
                  .getBytes(ISO_8859_1));
      socket.setSoTimeout(20_000);
      assertThat(read(socket)).startsWith("HTTP/1.1 408").contains("stopped before its end");
    }
  }

  @Test
  void filesMadeToBlowUpMemoryAreRefused() throws IOException {
    // Two gigabytes of zeros deflate to two megabytes, 100 MB to 100 kB.
    byte[] zeros = new byte[100 << 20];
    CramFile bomb =
        CramFile.of(
            new ModelIdentity("cram-tiny", "w", "t", 512),
            Precision.F32,
            "cram",
            1,
            zeros,
            List.of(new Section.Raw(zeros)));
    var bytes = new ByteArrayOutputStream();
    bomb.write(bytes);
    assertThat(bytes.size()).isLessThan(LIMITS.fileBytes());
    assertRefused(
        visitor.post("/api/files", bytes.toByteArray()),
        400,
        "holds an original of 104857600 bytes");

    byte[] header = bytes.toByteArray();
    header[7] = 0x7f;
    assertRefused(visitor.post("/api/files", header), 400, "damaged");
    byte[] noise = new byte[5000];
    new Random(1).nextBytes(noise);
    assertRefused(visitor.post("/api/files", noise), 400, "is not a .cram file");
    assertRefused(visitor.post("/api/files", new byte[0]), 400, "is empty");
    // The mark of a .cram file, and a header that claims a tensor of 2^60 numbers.
    String json =
        "{\"__metadata__\":{\"cram.version\":\"1\"},\"vectors\":{\"dtype\":\"F32\",\"shape\":"
            + "[1152921504606846976,1],\"data_offsets\":[0,4611686018427387904]}}";
    var claim = new ByteArrayOutputStream();
    claim.write(
        java.nio.ByteBuffer.allocate(8)
            .order(java.nio.ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length())
            .array());
    claim.writeBytes(json.getBytes(UTF_8));
    assertThat(visitor.post("/api/files", claim.toByteArray()).statusCode()).isEqualTo(400);
  }

  @Test
  void aNameOfThisMachineThatItWasToldToListenOnIsItsOwn() {
    try (WebServer named = Visitor.serve("127.0.0.2", Optional.empty(), LIMITS)) {
      assertThat(named.address()).startsWith("http://127.0.0.2:");
      Visitor visitor = new Visitor(named);
      var request = HttpRequest.newBuilder(URI.create(named.address() + "api/jobs"));
      assertThat(visitor.send(request).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void othersNeedTheToken() {
    assertThat(WebServer.tokenFor("localhost")).isEmpty();
    assertThat(WebServer.tokenFor("127.0.0.1")).isEmpty();
    assertThat(WebServer.tokenFor("0.0.0.0"))
        .hasValueSatisfying(token -> assertThat(token).matches("[0-9a-f]{32}"));
    String token = WebServer.tokenFor("0.0.0.0").orElseThrow();
    try (WebServer open = Visitor.serve("0.0.0.0", Optional.of(token), LIMITS)) {
      Visitor other = new Visitor(open);
      assertRefused(other.get("/api/jobs"), 401, "a token is needed");
      assertRefused(other.post("/api/jobs", "text"), 401, "a token is needed");
      assertThat(other.get("/").statusCode()).isEqualTo(401);
      assertThat(other.get("/").body()).contains("<form action=\"/login\"");
      assertRefused(
          other.get("/login?token=" + token.replace(token.charAt(0), 'x')), 401, "not the token");
      assertRefused(other.get("/login?token="), 401, "not the token");

      HttpResponse<String> admitted = other.get("/login?token=" + token);
      assertThat(admitted.statusCode()).isEqualTo(302);
      String cookie = admitted.headers().firstValue("Set-Cookie").orElseThrow();
      assertThat(cookie).contains("HttpOnly", "SameSite=Strict");
      var request = other.request("/api/jobs").header("Cookie", cookie.split(";")[0]);
      assertThat(other.send(request).statusCode()).isEqualTo(200);
      var bearer = other.request("/api/jobs").header("Authorization", "Bearer " + token);
      assertThat(other.send(bearer).statusCode()).isEqualTo(200);
    }
  }

  private static String raw(String request) throws IOException {
    try (Socket socket = new Socket("localhost", visitor.port())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(ISO_8859_1));
      return read(socket);
    }
  }

  /** All until the server closes, or says no more. */
  private static String read(Socket socket) throws IOException {
    var answer = new ByteArrayOutputStream();
    socket.setSoTimeout(4_000);
    try {
      socket.getInputStream().transferTo(answer);
    } catch (java.net.SocketTimeoutException | java.net.SocketException e) {
      // What came is judged by the test.
    }
    return answer.toString(UTF_8);
  }
}
