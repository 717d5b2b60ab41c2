package dev.cram.lm.hub;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.cram.lm.InputException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * The hub's answers about one repository, and its files' bytes.
 *
 * <p>{@code GET /api/models/ID/revision/REVISION} lists the files and names the commit. {@code HEAD
 * /ID/resolve/COMMIT/FILE} tells size and hash in {@code X-Linked-Size} and {@code X-Linked-Etag},
 * or for small files in {@code Content-Length} and {@code ETag}; a GET leads to the bytes, for
 * large files on another host, at an address that is valid for a while.
 */
final class Hub implements AutoCloseable {
  /** Bytes of a file; a sum of a repository's stays within a long. */
  private static final long LARGEST = 1L << 60;

  private static final int BUFFER_BYTES = 1 << 16;
  private static final int MAX_LISTING_BYTES = 64 << 20;

  private final HubSettings settings;
  private final ModelReference reference;
  private final HubHttp http;

  /** Where the hub led for a file, so that not every range asks the hub anew. */
  private final Map<RemoteFile, URI> locations = new ConcurrentHashMap<>();

  /** The files of a repository at the commit that a revision stands for. */
  record Listing(String commit, Set<String> files) {}

  /** Takes bytes in their order; its own failures are none of the network. */
  @FunctionalInterface
  interface Sink {
    void accept(byte[] bytes, int count);
  }

  Hub(HubSettings settings, ModelReference reference, HubHttp http) {
    this.settings = settings;
    this.reference = reference;
    this.http = http;
  }

  /**
   * The files of the referenced revision.
   *
   * @throws InputException if there is no such model or revision, it may not be seen, or the hub
   *     cannot be reached
   */
  Listing list() {
    URI uri =
        uri("/api/models/" + reference.repository() + "/revision/" + encoded(reference.revision()));
    for (int failures = 1; ; failures++) {
      HttpResponse<InputStream> response =
          http.send("GET", uri, Optional.empty(), headers -> false);
      try (InputStream body = response.body()) {
        require(response, reference.toString());
        return listing(uri, body.readNBytes(MAX_LISTING_BYTES));
      } catch (IOException e) {
        http.pause(uri.getHost() + " breaks off (" + HubHttp.reason(e) + ")", failures);
      }
    }
  }

  private static Listing listing(URI uri, byte[] json) {
    try {
      if (JsonParser.parseString(new String(json, StandardCharsets.UTF_8))
              instanceof JsonObject model
          && model.get("sha") instanceof JsonPrimitive sha
          && RepositoryFolder.isCommit(sha.getAsString())
          && model.get("siblings") instanceof JsonArray siblings) {
        Set<String> files = new LinkedHashSet<>();
        for (JsonElement sibling : siblings) {
          if (sibling.getAsJsonObject().get("rfilename") instanceof JsonPrimitive file
              && isFileName(file.getAsString())) {
            files.add(file.getAsString());
          }
        }
        return new Listing(sha.getAsString(), files);
      }
    } catch (JsonParseException | IllegalStateException e) {
      // Told below: whatever it is, it is no listing.
    }
    throw new InputException(
        uri + ": does not answer as the Hugging Face hub does; check HF_ENDPOINT");
  }

  /** Whether a file of this name can be put below a folder without leaving it. */
  private static boolean isFileName(String name) {
    return name.matches("[^\\\\:\\p{Cntrl}]+")
        && isPath(name)
        && Arrays.stream(name.split("/", -1))
            .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
  }

  /** Whether this machine's file names have these characters. */
  private static boolean isPath(String name) {
    try {
      return !Path.of(name).isAbsolute();
    } catch (InvalidPathException e) {
      return false;
    }
  }

  /**
   * Size and hash of a file.
   *
   * @throws InputException if it is not there, may not be had, or the hub does not tell them
   */
  RemoteFile describe(String commit, String path) {
    URI uri = uri("/" + reference.repository() + "/resolve/" + commit + "/" + encodedPath(path));
    HttpResponse<InputStream> response =
        http.send("HEAD", uri, Optional.empty(), headers -> linkedEtag(headers).isPresent());
    try {
      response.body().close();
    } catch (IOException e) {
      // An answer to HEAD has no body.
    }
    if (response.statusCode() / 100 != 3) {
      require(response, path);
    }
    HttpHeaders headers = response.headers();
    Optional<ContentHash> hash =
        linkedEtag(headers).or(() -> headers.firstValue("ETag")).flatMap(ContentHash::ofEtag);
    Optional<Long> size = headers.firstValue("X-Linked-Size").flatMap(Hub::size);
    if (size.isEmpty() && response.statusCode() == 200) {
      size = headers.firstValue("Content-Length").flatMap(Hub::size);
    }
    if (!headers.firstValue("X-Repo-Commit").map(commit::equals).orElse(true)
        || hash.isEmpty()
        || size.isEmpty()) {
      throw new InputException(
          uri + ": the answer lacks commit, hash or size of the file; check HF_ENDPOINT");
    }
    return new RemoteFile(path, uri, hash.get(), size.get());
  }

  private static Optional<Long> size(String digits) {
    try {
      long size = Long.parseLong(digits);
      return size >= 0 && size <= LARGEST ? Optional.of(size) : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> linkedEtag(HttpHeaders headers) {
    return headers.firstValue("X-Linked-Etag");
  }

  /**
   * Reads bytes {@code from} to {@code to}, exclusively. A connection that is cut is opened again
   * where it ended, as often as it brings anything.
   *
   * @throws InputException if the file may not be had, or nothing comes after all attempts
   */
  void read(RemoteFile file, long from, long to, Sink sink) {
    byte[] buffer = new byte[BUFFER_BYTES];
    long at = from;
    int failures = 0;
    while (at < to) {
      try (InputStream body = open(file, at, to)) {
        while (at < to) {
          int count = body.read(buffer, 0, (int) Math.min(buffer.length, to - at));
          if (count < 0) {
            throw new EOFException("the connection was cut");
          }
          sink.accept(buffer, count);
          at += count;
          failures = 0;
        }
      } catch (IOException e) {
        http.pause(file.path() + " breaks off (" + HubHttp.reason(e) + ")", ++failures);
      }
    }
  }

  private InputStream open(RemoteFile file, long from, long to) throws IOException {
    Optional<String> range =
        from == 0 && to == file.size()
            ? Optional.empty()
            : Optional.of("bytes=" + from + "-" + (to - 1));
    URI known = locations.getOrDefault(file, file.uri());
    HttpResponse<InputStream> response = http.send("GET", known, range, headers -> false);
    try {
      if (response.statusCode() >= 400 && !http.isHub(response.uri())) {
        // Most likely the address has expired.
        locations.remove(file);
        throw new ProtocolException(response.uri().getHost() + " answers " + response.statusCode());
      }
      require(response, file.path());
      if (!http.isHub(response.uri())) {
        locations.put(file, response.uri());
      }
      if (range.isEmpty()) {
        return response.body();
      }
      if (response.statusCode() == 200) {
        // A server that knows no ranges sends everything.
        response.body().skipNBytes(from);
      } else if (!response
          .headers()
          .firstValue("Content-Range")
          .orElse("")
          .startsWith("bytes " + from + "-")) {
        throw new ProtocolException("another range came than was asked for");
      }
      return response.body();
    } catch (IOException | RuntimeException e) {
      response.body().close();
      throw e;
    }
  }

  private void require(HttpResponse<?> response, String what) {
    if (response.statusCode() / 100 != 2) {
      throw Refusal.of(response.statusCode(), response.headers(), settings, reference, what);
    }
  }

  private URI uri(String path) {
    return URI.create(settings.endpoint() + path);
  }

  private static String encodedPath(String path) {
    return Arrays.stream(path.split("/")).map(Hub::encoded).collect(Collectors.joining("/"));
  }

  private static String encoded(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public void close() {
    http.close();
  }
}
