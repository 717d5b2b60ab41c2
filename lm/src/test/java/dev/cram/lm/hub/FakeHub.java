package dev.cram.lm.hub;

import com.google.gson.Gson;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server on this machine that answers as the hub does, with one repository, and a second server
 * for the large files, to which it redirects. Both misbehave where a test wants it.
 */
class FakeHub implements AutoCloseable {
  static final String REPOSITORY = "someone/tiny-model";
  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  /** Files of at least this size are kept by the second server. */
  static final int LARGE = 1000;

  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

  /** A request that came; {@code server} is {@code hub} or {@code storage}. */
  record Request(String server, String method, String path, String range, String authorization) {}

  /** A way to answer a request wrongly. */
  @FunctionalInterface
  interface Fault {
    /** Answers, or returns false to let the request be answered rightly. */
    boolean answer(HttpExchange exchange) throws IOException;
  }

  private final HttpServer hub = server("hub", this::answerAsHub);
  private final HttpServer storage = server("storage", this::answerAsStorage);
  private final Map<String, byte[]> files = new TreeMap<>();
  private final Map<String, Deque<Fault>> faults = new ConcurrentHashMap<>();
  final List<Request> requests = new CopyOnWriteArrayList<>();
  final Map<String, String> revisions = new TreeMap<>(Map.of("main", COMMIT, COMMIT, COMMIT));

  /** What a token must be to see the repository. */
  Optional<String> token = Optional.empty();

  boolean knowsRanges = true;

  URI endpoint() {
    return uri(hub);
  }

  FakeHub with(String path, byte[] content) {
    files.put(path, content);
    return this;
  }

  /**
   * Lets requests fail, one for each fault.
   *
   * @param path a file, or {@code /} for the listing; only its GET requests fail
   */
  FakeHub failing(String path, Fault... ways) {
    faults.computeIfAbsent(path, p -> new ArrayDeque<>()).addAll(List.of(ways));
    return this;
  }

  static Fault status(int status, String... headers) {
    return exchange -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      exchange.sendResponseHeaders(status, -1);
      return true;
    };
  }

  /** Sends so many bytes of the right answer, then closes the connection. */
  Fault cutAfter(String path, int bytes) {
    return exchange -> {
      send(exchange, files.get(path), bytes);
      return true;
    };
  }

  /** Sends so many bytes of the right answer, then nothing for a while. */
  Fault silentAfter(String path, int bytes, long millis) {
    return exchange -> {
      byte[] content = files.get(path);
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content, 0, bytes);
      exchange.getResponseBody().flush();
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return true;
    };
  }

  /** Sends other bytes of the right length. */
  Fault damaged(String path) {
    return exchange -> {
      byte[] content = files.get(path).clone();
      content[content.length / 2] ^= 1;
      send(exchange, content, content.length);
      return true;
    };
  }

  List<Request> gets(String path) {
    return requests.stream()
        .filter(r -> r.method().equals("GET") && r.path().endsWith("/" + path))
        .filter(r -> r.server().equals(isLarge(path) ? "storage" : "hub"))
        .toList();
  }

  String hash(String path) {
    return hash(files.get(path), isLarge(path));
  }

  static String hash(byte[] content, boolean large) {
    try {
      MessageDigest digest = MessageDigest.getInstance(large ? "SHA-256" : "SHA-1");
      if (!large) {
        digest.update(("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII));
      }
      return java.util.HexFormat.of().formatHex(digest.digest(content));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  String announcedSize(String path) {
    return Integer.toString(files.get(path).length);
  }

  private boolean isLarge(String path) {
    return files.get(path).length >= LARGE;
  }

  private HttpServer server(String name, com.sun.net.httpserver.HttpHandler handler) {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
      server.setExecutor(executor);
      server.createContext(
          "/",
          exchange -> {
            try (exchange) {
              requests.add(
                  new Request(
                      name,
                      exchange.getRequestMethod(),
                      path(exchange),
                      exchange.getRequestHeaders().getFirst("Range"),
                      exchange.getRequestHeaders().getFirst("Authorization")));
              handler.handle(exchange);
            }
          });
      server.start();
      return server;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static URI uri(HttpServer server) {
    return URI.create("http://localhost:" + server.getAddress().getPort());
  }

  private static String path(HttpExchange exchange) {
    return URLDecoder.decode(exchange.getRequestURI().getRawPath(), StandardCharsets.UTF_8);
  }

  private void answerAsHub(HttpExchange exchange) throws IOException {
    String path = path(exchange);
    String listing = "/api/models/" + REPOSITORY + "/revision/";
    String resolve = "/" + REPOSITORY + "/resolve/" + COMMIT + "/";
    String cached = "/api/resolve-cache/" + REPOSITORY + "/" + COMMIT + "/";
    if (token.isPresent()
        && !("Bearer " + token.get())
            .equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
      status(401, "X-Error-Code", "GatedRepo").answer(exchange);
    } else if (path.startsWith(listing)) {
      list(exchange, path.substring(listing.length()));
    } else if (path.startsWith(resolve)) {
      resolve(exchange, path.substring(resolve.length()), cached);
    } else if (path.startsWith(cached)) {
      serve(exchange, path.substring(cached.length()));
    } else {
      status(404, "X-Error-Code", "RepoNotFound").answer(exchange);
    }
  }

  private void list(HttpExchange exchange, String revision) throws IOException {
    if (failed("/", exchange)) {
      return;
    }
    String commit = revisions.get(revision);
    if (commit == null) {
      status(404, "X-Error-Code", "RevisionNotFound").answer(exchange);
      return;
    }
    byte[] json =
        new Gson()
            .toJson(
                Map.of(
                    "id", REPOSITORY,
                    "sha", commit,
                    "siblings", files.keySet().stream().map(f -> Map.of("rfilename", f)).toList()))
            .getBytes(StandardCharsets.UTF_8);
    send(exchange, json, json.length);
  }

  /** Large files by an absolute redirect to the storage, small ones by a relative one. */
  private void resolve(HttpExchange exchange, String file, String cached) throws IOException {
    if (!files.containsKey(file)) {
      status(404, "X-Error-Code", "EntryNotFound").answer(exchange);
      return;
    }
    exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
    if (isLarge(file)) {
      exchange.getResponseHeaders().set("X-Linked-Etag", '"' + hash(file) + '"');
      exchange.getResponseHeaders().set("X-Linked-Size", announcedSize(file));
      exchange.getResponseHeaders().set("Location", uri(storage) + "/signed/" + file);
      exchange.sendResponseHeaders(302, -1);
    } else {
      exchange.getResponseHeaders().set("Location", cached + file);
      exchange.sendResponseHeaders(307, -1);
    }
  }

  private void answerAsStorage(HttpExchange exchange) throws IOException {
    serve(exchange, path(exchange).substring("/signed/".length()));
  }

  private void serve(HttpExchange exchange, String file) throws IOException {
    byte[] content = files.get(file);
    exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
    exchange.getResponseHeaders().set("ETag", "W/\"" + hash(file) + '"');
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(content.length));
      exchange.sendResponseHeaders(200, -1);
    } else if (!failed(file, exchange)) {
      send(exchange, content, content.length);
    }
  }

  private boolean failed(String path, HttpExchange exchange) throws IOException {
    Deque<Fault> ways = faults.get(path);
    Fault fault;
    synchronized (this) {
      fault = ways == null ? null : ways.poll();
    }
    return fault != null && fault.answer(exchange);
  }

  /** Sends the range that is asked for, or its first {@code limit} bytes. */
  private void send(HttpExchange exchange, byte[] content, int limit) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    int from = 0;
    int to = content.length;
    int status = 200;
    if (range != null && knowsRanges) {
      Matcher bytes = RANGE.matcher(range);
      if (!bytes.matches()) {
        throw new IOException("unexpected range " + range);
      }
      from = Integer.parseInt(bytes.group(1));
      to = Integer.parseInt(bytes.group(2)) + 1;
      status = 206;
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + content.length);
    }
    exchange.sendResponseHeaders(status, to - from);
    exchange.getResponseBody().write(content, from, Math.min(limit, to - from));
    exchange.getResponseBody().flush();
  }

  @Override
  public void close() {
    hub.stop(0);
    storage.stop(0);
  }
}
