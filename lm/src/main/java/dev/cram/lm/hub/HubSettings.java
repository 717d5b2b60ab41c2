package dev.cram.lm.hub;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which hub is asked and where its files are kept: the same environment variables with the same
 * meaning as those of Python's {@code huggingface_hub}.
 *
 * @param endpoint the hub, without a slash at the end; {@code HF_ENDPOINT}
 * @param cache the folder of the downloaded repositories; {@code HF_HUB_CACHE}, or {@code hub} in
 *     {@code HF_HOME}, by default {@code ~/.cache/huggingface}
 * @param token who asks, for models that are not open to all; {@code HF_TOKEN}, or the file that
 *     {@code hf auth login} writes
 * @param offline whether the network may not be used; {@code HF_HUB_OFFLINE}
 * @param symbolicLinks whether a snapshot may consist of links; not with {@code
 *     HF_HUB_DISABLE_SYMLINKS}
 */
public record HubSettings(
    URI endpoint, Path cache, Optional<String> token, boolean offline, boolean symbolicLinks) {
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

  /**
   * The settings of this process.
   *
   * @throws InputException if a variable's value is not usable
   */
  public static HubSettings ofEnvironment() {
    return of(System.getenv(), System.getProperty("user.home"));
  }

  static HubSettings of(Map<String, String> environment, String userHome) {
    Variables variables = new Variables(environment, userHome);
    return new HubSettings(
        endpoint(variables.text("HF_ENDPOINT").orElse("https://huggingface.co")),
        variables.cache(),
        token(variables),
        variables.isTrue("HF_HUB_OFFLINE") || variables.isTrue("TRANSFORMERS_OFFLINE"),
        !variables.isTrue("HF_HUB_DISABLE_SYMLINKS"));
  }

  /**
   * Where this process keeps what it downloads.
   *
   * @throws InputException if a variable names no folder
   */
  static Path cacheOfEnvironment() {
    return new Variables(System.getenv(), System.getProperty("user.home")).cache();
  }

  private static URI endpoint(String text) {
    try {
      URI uri = URI.create(text.replaceAll("/+$", ""));
      boolean isWeb = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (isWeb && uri.getHost() != null && uri.getPort() <= 65535) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // Told below, like an address of another kind.
    }
    throw new InputException(
        "HF_ENDPOINT is '" + text + "', expected an address such as https://huggingface.co");
  }

  private static Optional<String> token(Variables variables) {
    if (variables.isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
      return Optional.empty();
    }
    return variables
        .text("HF_TOKEN")
        .or(() -> variables.text("HUGGING_FACE_HUB_TOKEN"))
        .or(() ->
            readToken(variables.path("HF_TOKEN_PATH").orElse(variables.home().resolve("token"))))
        .map(HubSettings::checkedToken);
  }

  private static Optional<String> readToken(Path file) {
    try {
      return Optional.of(Files.readString(file).strip()).filter(token -> !token.isEmpty());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new InputException(
          file + ": the token cannot be read (" + e.getMessage() + "); set HF_TOKEN instead", e);
    }
  }

  // Anything else could not be sent in a header; and the token itself belongs in no message.
  private static String checkedToken(String token) {
    if (token.chars().allMatch(c -> c > ' ' && c < 127)) {
      return token;
    }
    throw new InputException(
        "the access token holds characters that no token has; set HF_TOKEN to one from"
            + " https://huggingface.co/settings/tokens");
  }

  /** Never shows the token. */
  @Override
  public String toString() {
    return "HubSettings[" + endpoint + ", " + cache + (offline ? ", offline" : "") + "]";
  }

  /** Environment variables, of which an empty one counts as missing. */
  private record Variables(Map<String, String> environment, String userHome) {
    Path home() {
      return path("HF_HOME")
          .orElseGet(() ->
              path("XDG_CACHE_HOME").orElse(Path.of(userHome, ".cache")).resolve("huggingface"));
    }

    Path cache() {
      return path("HF_HUB_CACHE")
          .or(() -> path("HUGGINGFACE_HUB_CACHE"))
          .orElseGet(() -> home().resolve("hub"));
    }

    Optional<String> text(String name) {
      return Optional.ofNullable(environment.get(name))
          .map(String::strip)
          .filter(v -> !v.isEmpty());
    }

    Optional<Path> path(String name) {
      return text(name)
          .map(text -> {
            try {
              return Path.of(text.matches("~(/.*)?") ? userHome + text.substring(1) : text)
                  .toAbsolutePath();
            } catch (InvalidPathException e) {
              throw new InputException(name + " is '" + text + "', expected a folder", e);
            }
          });
    }

    boolean isTrue(String name) {
      return text(name).filter(value -> TRUE.contains(value.toUpperCase())).isPresent();
    }
  }
}
