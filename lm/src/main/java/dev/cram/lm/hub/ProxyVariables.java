package dev.cram.lm.hub;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The proxy that {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY} and {@code NO_PROXY}
 * name, in either case, as most programs take them; Java itself does not. Without any of them,
 * Java's own settings hold.
 */
final class ProxyVariables extends ProxySelector {
  private static final List<Proxy> NONE = List.of(Proxy.NO_PROXY);

  private final Map<String, String> environment;

  private ProxyVariables(Map<String, String> environment) {
    this.environment = environment;
  }

  static ProxySelector selector(Map<String, String> environment) {
    ProxyVariables variables = new ProxyVariables(environment);
    boolean any =
        Stream.of("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
            .anyMatch(name -> variables.value(name).isPresent());
    return any ? variables : ProxySelector.getDefault();
  }

  @Override
  public List<Proxy> select(URI uri) {
    if (isExempt(uri.getHost().toLowerCase(Locale.ROOT))) {
      return NONE;
    }
    return value(uri.getScheme().toUpperCase(Locale.ROOT) + "_PROXY")
        .or(() -> value("ALL_PROXY"))
        .map(address -> List.of(proxy(address)))
        .orElse(NONE);
  }

  private boolean isExempt(String host) {
    return Arrays.stream(value("NO_PROXY").orElse("").toLowerCase(Locale.ROOT).split("[,\\s]+"))
        .map(entry -> entry.replaceFirst("^\\*?\\.", ""))
        .filter(entry -> !entry.isEmpty())
        .anyMatch(entry -> entry.equals("*") || host.equals(entry) || host.endsWith("." + entry));
  }

  private static Proxy proxy(String address) {
    try {
      URI uri = URI.create(address.contains("://") ? address : "http://" + address);
      if (uri.getHost() != null && "http".equalsIgnoreCase(uri.getScheme())) {
        int port = uri.getPort() < 0 ? 80 : uri.getPort();
        return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(uri.getHost(), port));
      }
    } catch (IllegalArgumentException e) {
      // Told below, without the address, which may hold a password.
    }
    throw new InputException(
        "the proxy that the environment names is not usable; expected http://HOST:PORT");
  }

  private Optional<String> value(String name) {
    return Stream.of(name, name.toLowerCase(Locale.ROOT))
        .map(environment::get)
        .filter(value -> value != null && !value.isBlank())
        .findFirst();
  }

  @Override
  public void connectFailed(URI uri, SocketAddress proxy, IOException e) {
    // The failed request is reported.
  }
}
