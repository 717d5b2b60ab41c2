package dev.cram.lm.hub;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/**
 * Requests to the hub and to where it redirects: made again when they fail for a while, and with
 * the access token for the hub itself only.
 */
final class HubHttp implements AutoCloseable {
  private static final int MAX_REDIRECTS = 10;
  private static final Set<Integer> TEMPORARY = Set.of(408, 429, 500, 502, 503, 504);
  private static final Pattern SECONDS_TO_RESET = Pattern.compile("t=(\\d{1,9})");

  private final HubSettings settings;
  private final Patience patience;
  private final PullListener listener;
  private final Watchdog watchdog;
  private final HttpClient client;
  private volatile boolean reached;

  HubHttp(HubSettings settings, Patience patience, PullListener listener) {
    this.settings = settings;
    this.patience = patience;
    this.listener = listener;
    this.watchdog = new Watchdog(patience.silence());
    this.client =
        HttpClient.newBuilder()
            // One connection for each range of a file; HTTP/2 would put them all into one.
            .version(HttpClient.Version.HTTP_1_1)
            // Followed here, as the client would send the token wherever it is led.
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(patience.silence())
            .proxy(ProxyVariables.selector(System.getenv()))
            .build();
  }

  /**
   * The answer to a request, made again after failures that pass.
   *
   * @param range the value of a Range header
   * @param enough whether an answer that redirects says all that is wanted
   * @throws InputException if there is none after all attempts
   * @return the answer, of any status that does not pass; its body must be closed
   */
  HttpResponse<InputStream> send(
      String method, URI uri, Optional<String> range, Predicate<HttpHeaders> enough) {
    for (int failures = 1; ; failures++) {
      String reason;
      Duration pause = patience.after(failures);
      try {
        HttpResponse<InputStream> response = follow(method, uri, range, enough);
        reached = true;
        if (!TEMPORARY.contains(response.statusCode())) {
          return response;
        }
        response.body().close();
        reason = response.uri().getHost() + " answers " + status(response.statusCode());
        pause = askedPause(response.headers()).orElse(pause);
      } catch (IOException e) {
        if (!reached) {
          throw new InputException(
              uri.getHost()
                  + " cannot be reached ("
                  + reason(e)
                  + "); check the network, the proxy and HF_ENDPOINT, then try again",
              e);
        }
        reason = uri.getHost() + " does not answer (" + reason(e) + ")";
      }
      pause(reason, failures, pause);
    }
  }

  /**
   * Waits before another attempt.
   *
   * @param failures so far, without a success between
   * @throws InputException if it is time to give up
   */
  void pause(String reason, int failures) {
    pause(reason, failures, patience.after(failures));
  }

  private void pause(String reason, int failures, Duration pause) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("interrupted");
    }
    if (pause.compareTo(patience.longest()) > 0) {
      throw new InputException(
          reason + " and asks to wait for " + pause.toSeconds() + " s; try again then");
    }
    if (patience.isOver(failures)) {
      throw new InputException(
          reason
              + ", "
              + failures
              + " times in a row; try again later, what has arrived so far is kept");
    }
    listener.waiting(
        reason + ", next attempt in " + Math.max(1, Math.round(pause.toMillis() / 1e3)) + " s");
    Patience.sleep(pause);
  }

  private HttpResponse<InputStream> follow(
      String method, URI uri, Optional<String> range, Predicate<HttpHeaders> enough)
      throws IOException {
    URI at = uri;
    for (int redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      HttpResponse<InputStream> response = send(request(method, at, range));
      Optional<String> location = response.headers().firstValue("Location");
      boolean redirected = response.statusCode() / 100 == 3 && location.isPresent();
      if (!redirected || enough.test(response.headers())) {
        return response;
      }
      response.body().close();
      try {
        at = at.resolve(location.get());
      } catch (IllegalArgumentException e) {
        throw new ProtocolException("it redirects to '" + location.get() + "'");
      }
    }
    throw new ProtocolException("it redirects more than " + MAX_REDIRECTS + " times");
  }

  private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
    try {
      return client.send(
          request,
          info -> BodySubscribers.mapping(BodySubscribers.ofInputStream(), watchdog::watch));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted");
    }
  }

  private HttpRequest request(String method, URI uri, Optional<String> range) throws IOException {
    HttpRequest.Builder request;
    try {
      request = HttpRequest.newBuilder(uri);
      if (uri.getPort() > 65535) {
        throw new IllegalArgumentException("there is no such port");
      }
    } catch (IllegalArgumentException e) {
      throw new ProtocolException("'" + uri + "' is no address");
    }
    request
        .method(method, HttpRequest.BodyPublishers.noBody())
        .timeout(patience.silence())
        .header("User-Agent", "cram")
        // The length of a compressed answer would not be the file's.
        .header("Accept-Encoding", "identity");
    range.ifPresent(bytes -> request.header("Range", bytes));
    if (isHub(uri)) {
      settings.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
    }
    return request.build();
  }

  /** Whether an address is the hub's own, rather than a storage that it redirects to. */
  boolean isHub(URI uri) {
    URI hub = settings.endpoint();
    return hub.getScheme().equalsIgnoreCase(uri.getScheme())
        && hub.getHost().equalsIgnoreCase(uri.getHost())
        && port(hub) == port(uri);
  }

  private static int port(URI uri) {
    return uri.getPort() >= 0
        ? uri.getPort()
        : "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
  }

  /** What a server asks to wait for: in {@code Retry-After}, or in the hub's {@code RateLimit}. */
  private static Optional<Duration> askedPause(HttpHeaders headers) {
    Optional<String> after = headers.firstValue("Retry-After").map(String::strip);
    if (after.isPresent()) {
      return after.flatMap(HubHttp::pauseOf);
    }
    return headers
        .firstValue("RateLimit")
        .map(SECONDS_TO_RESET::matcher)
        .filter(Matcher::find)
        .map(matcher -> Duration.ofSeconds(Long.parseLong(matcher.group(1))));
  }

  private static Optional<Duration> pauseOf(String retryAfter) {
    if (retryAfter.matches("\\d{1,9}")) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(retryAfter)));
    }
    try {
      ZonedDateTime then = ZonedDateTime.parse(retryAfter, DateTimeFormatter.RFC_1123_DATE_TIME);
      Duration pause = Duration.between(ZonedDateTime.now(then.getZone()), then);
      return Optional.of(pause.isNegative() ? Duration.ZERO : pause);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private static String status(int code) {
    return code == 429 ? "429 (too many requests)" : Integer.toString(code);
  }

  /** What a failure of the network means, in a few words. */
  static String reason(IOException e) {
    return switch (e) {
      case ConnectException connect -> isUnresolved(connect) ? "unknown host" : "no connection";
      case HttpTimeoutException timeout -> "no answer";
      case SSLException tls -> String.valueOf(tls.getMessage());
      case ProtocolException wrong -> wrong.getMessage();
      case SocketTimeoutException silent -> silent.getMessage();
      default -> "the connection was cut";
    };
  }

  private static boolean isUnresolved(Throwable e) {
    return e instanceof UnresolvedAddressException
        || e.getCause() != null && isUnresolved(e.getCause());
  }

  @Override
  public void close() {
    watchdog.close();
    client.shutdownNow();
  }
}
