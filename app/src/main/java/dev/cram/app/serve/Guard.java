package dev.cram.app.serve;

import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.SameSite;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Lets in who may come in.
 *
 * <p>On loopback the name that the browser used must be loopback's own, or the one that the server
 * was told to listen on, so that no foreign site can make its name point here (DNS rebinding).
 * Where a token is set, it must come as a cookie, as {@code Authorization: Bearer} or, once, in the
 * address of the page. And wherever a browser says from which page a request comes, that page must
 * be ours.
 */
final class Guard {
  static final String COOKIE = "cram_token";
  static final String LOGIN = "/login";
  private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

  private static final int TOKEN_BYTES = 16;

  private final boolean loopback;
  private final String ownName;
  private final Optional<byte[]> token;

  /**
   * @param host that the server listens on
   * @param token that visitors must know
   */
  Guard(String host, Optional<String> token) {
    this.loopback = isLoopback(host);
    this.ownName = inAddress(host).toLowerCase(Locale.ROOT);
    this.token = token.map(text -> text.getBytes(StandardCharsets.UTF_8));
  }

  /** A host as it stands in an address: of IPv6 in brackets. */
  static String inAddress(String host) {
    return host.contains(":") ? "[" + host + "]" : host;
  }

  /** Whether only this machine reaches an address. */
  static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** A token that nobody guesses. */
  static String newToken() {
    byte[] bytes = new byte[TOKEN_BYTES];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /**
   * Sets the headers that every answer has.
   *
   * @throws Refusal if the request may not go on
   */
  void check(Context request) {
    setHeaders(request);
    String host = Optional.ofNullable(request.header("Host")).orElse("").toLowerCase(Locale.ROOT);
    String name = host.replaceFirst(":[0-9]+$", "");
    if (loopback && !LOOPBACK_NAMES.contains(name) && !ownName.equals(name)) {
      throw new Refusal(Refusal.FORBIDDEN, "this server answers to localhost only");
    }
    if (!isFromOurPage(request, host)) {
      throw new Refusal(Refusal.FORBIDDEN, "a request from another origin is refused");
    }
    if (token.isPresent() && !request.path().equals(LOGIN) && !knowsToken(request)) {
      throw new Refusal(Refusal.UNAUTHORIZED, "a token is needed; cram serve printed it");
    }
  }

  private static void setHeaders(Context answer) {
    answer
        .header(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                + " connect-src 'self'; object-src 'self'; base-uri 'none'; form-action 'self';"
                + " frame-ancestors 'none'")
        .header("X-Content-Type-Options", "nosniff")
        .header("X-Frame-Options", "DENY")
        .header("Referrer-Policy", "no-referrer")
        .header("Cross-Origin-Resource-Policy", "same-origin")
        .header("Cross-Origin-Opener-Policy", "same-origin")
        .header("Cache-Control", "no-store");
  }

  private static boolean isFromOurPage(Context request, String host) {
    String origin = request.header("Origin");
    if (origin != null) {
      return origin.toLowerCase(Locale.ROOT).replaceFirst("^https?://", "").equals(host);
    }
    String site = request.header("Sec-Fetch-Site");
    boolean opensThePage =
        request.path().equals("/") && "navigate".equals(request.header("Sec-Fetch-Mode"));
    return site == null || site.equals("same-origin") || site.equals("none") || opensThePage;
  }

  private boolean knowsToken(Context request) {
    String bearer = request.header("Authorization");
    return matches(request.cookie(COOKIE))
        || (bearer != null && bearer.startsWith("Bearer ") && matches(bearer.substring(7)));
  }

  /** Compares in a time that does not depend on where the two differ. */
  boolean matches(String offered) {
    return token.isPresent()
        && offered != null
        && MessageDigest.isEqual(token.get(), offered.getBytes(StandardCharsets.UTF_8));
  }

  /** Lets the visitor's browser remember the token, if it is the right one. */
  boolean admit(Context request, String offered) {
    if (!matches(offered)) {
      return false;
    }
    // Secure only behind TLS: the browser would not send it back otherwise.
    boolean secure = "https".equals(request.header("X-Forwarded-Proto"));
    request.cookie(new Cookie(COOKIE, offered, "/", -1, secure, true, null, SameSite.STRICT));
    return true;
  }
}
