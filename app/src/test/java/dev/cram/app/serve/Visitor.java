package dev.cram.app.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Asks a server as a program does. */
final class Visitor {
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final long PATIENCE_SECONDS = 90;

  private final int port;

  Visitor(WebServer server) {
    this.port = server.port();
  }

  /** A server on this machine, on any port, with limits that tests reach. */
  static WebServer serve(ServerOptions.Limits limits, Path... databases) {
    return serve("localhost", Optional.empty(), limits, databases);
  }

  static WebServer serve(
      String host, Optional<String> token, ServerOptions.Limits limits, Path... databases) {
    return WebServer.start(
        new ServerOptions(host, 0, token, List.of(), List.of(databases), 2, limits));
  }

  String address(String path) {
    return "http://localhost:" + port + path;
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(address(path))).timeout(Duration.ofSeconds(60));
  }

  HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return CLIENT.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  HttpResponse<String> get(String path) {
    return send(request(path));
  }

  HttpResponse<String> post(String path, byte[] body) {
    return send(request(path).POST(BodyPublishers.ofByteArray(body)));
  }

  HttpResponse<String> post(String path, String body) {
    return post(path, body.getBytes(StandardCharsets.UTF_8));
  }

  byte[] bytes(String path) {
    try {
      HttpResponse<byte[]> answer = CLIENT.send(request(path).build(), BodyHandlers.ofByteArray());
      assertThat(answer.statusCode()).isEqualTo(200);
      return answer.body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  JsonElement json(String path) {
    HttpResponse<String> answer = get(path);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JsonParser.parseString(answer.body());
  }

  /** Gives a text to cram; the id of the job. */
  int cram(String text, String parameters) {
    HttpResponse<String> answer = post("/api/jobs?" + parameters, text);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JsonParser.parseString(answer.body()).getAsJsonObject().get("id").getAsInt();
  }

  String status(int job) {
    return json("/api/jobs/" + job).getAsJsonObject().get("status").getAsString();
  }

  /** Waits until a job is in a state. */
  JsonObject await(int job, String status) {
    long deadline = System.nanoTime() + PATIENCE_SECONDS * 1_000_000_000L;
    while (true) {
      JsonObject now = json("/api/jobs/" + job).getAsJsonObject();
      if (now.get("status").getAsString().equals(status)) {
        return now;
      }
      assertThat(System.nanoTime()).as("still %s", now).isLessThan(deadline);
      sleep(30);
    }
  }

  JsonArray lines(String path) {
    HttpResponse<String> answer = get(path);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonArray lines = new JsonArray();
    answer.body().lines().forEach(line -> lines.add(JsonParser.parseString(line)));
    return lines;
  }

  static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  int port() {
    return port;
  }
}
