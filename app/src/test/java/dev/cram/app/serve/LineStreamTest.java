package dev.cram.app.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.javalin.Javalin;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class LineStreamTest {
  /** More than are answered at a time. */
  private static final int READERS = 5;

  @Test
  void theWorkForAReaderWhoLeavesEnds() throws Exception {
    var ended = new CountDownLatch(READERS);
    var stream = new LineStream();
    Javalin javalin =
        Javalin.create(config -> {
          config.startup.showJavalinBanner = false;
          config.routes.get("/", request -> stream.answer(request, tell -> endless(tell, ended)));
        });
    javalin.start("localhost", 0);
    try (HttpClient client = HttpClient.newHttpClient()) {
      URI address = URI.create("http://localhost:" + javalin.port() + "/");
      for (int reader = 0; reader < READERS; reader++) {
        try (InputStream lines =
            client
                .send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofInputStream())
                .body()) {
          assertThat(lines.read()).isEqualTo('"');
        }
      }
      assertThat(ended.await(60, TimeUnit.SECONDS)).as("nobody reads, and it goes on").isTrue();
    } finally {
      javalin.stop();
    }
  }

  private static void endless(Consumer<Object> tell, CountDownLatch ended) {
    try {
      while (true) {
        tell.accept("a line that fills buffers ".repeat(1000));
        Visitor.sleep(1);
      }
    } finally {
      ended.countDown();
    }
  }
}
