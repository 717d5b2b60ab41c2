package dev.cram.app.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Many look on, and one of them falls asleep. */
class ViewersTest {
  private static final int VIEWERS = 50;

  @Test
  void fiftyFollowAJobThatWaitsForNoneOfThem() throws Exception {
    try (WebServer server = Visitor.serve(ServerOptions.Limits.DEFAULT);
        Socket sleeper = new Socket()) {
      Visitor visitor = new Visitor(server);
      // So many tokens that what is told of them fills the buffers of one who does not read.
      int job = visitor.cram("The gate stood open. ".repeat(3000), "steps=1");
      visitor.await(job, "running");
      sleeper.setReceiveBufferSize(4096);
      sleeper.connect(new InetSocketAddress("localhost", visitor.port()));
      sleeper
          .getOutputStream()
          .write(
              ("GET /api/jobs/" + job + "/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                  .getBytes(ISO_8859_1));

      List<CompletableFuture<String>> streams = new ArrayList<>();
      for (int i = 0; i < VIEWERS; i++) {
        streams.add(
            CompletableFuture.supplyAsync(
                () -> visitor.get("/api/jobs/" + job + "/events").body(),
                Thread::startVirtualThread));
      }
      Visitor.sleep(500);
      long before = steps(visitor, job);
      long deadline = System.nanoTime() + 60_000_000_000L;
      while (steps(visitor, job) < before + 10) {
        assertThat(System.nanoTime()).as("it waits").isLessThan(deadline);
        Visitor.sleep(50);
      }
      visitor.post("/api/jobs/" + job + "/give-up", "");
      visitor.await(job, "given_up");

      for (CompletableFuture<String> stream : streams) {
        String events = stream.get(60, TimeUnit.SECONDS);
        assertThat(events).startsWith("event: snapshot\n").contains("\nevent: frame\n");
        assertThat(events.substring(events.lastIndexOf("event: ")))
            .startsWith("event: snapshot\n")
            .contains("given_up");
      }
    }
  }

  private static long steps(Visitor visitor, int job) {
    return visitor.json("/api/jobs/" + job).getAsJsonObject().get("steps").getAsLong();
  }
}
