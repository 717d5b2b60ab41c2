package dev.cram.app.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Many look on, and one of them falls asleep. */
class ViewersTest {
  private static final int VIEWERS = 50;

  @Test
  void fiftyFollowAJobThatWaitsForNoneOfThem() throws Exception {
    ServerOptions.Limits limits = new ServerOptions.Limits(1 << 20, 1 << 20, 30, 30, 20, 60);
    try (WebServer server = Visitor.serve(limits);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Socket sleeper = new Socket()) {
      Visitor visitor = new Visitor(server);
      // So many tokens that what is told of them fills the buffers of one who does not read.
      int job = visitor.cram("The gate stood open. ".repeat(3000), "steps=1");
      visitor.await(job, "running");
      sleeper.setReceiveBufferSize(4096);
      sleeper.connect(new java.net.InetSocketAddress("localhost", visitor.port()));
      sleeper
          .getOutputStream()
          .write(
              ("GET /api/jobs/" + job + "/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                  .getBytes(ISO_8859_1));

      List<Future<String>> streams = new ArrayList<>();
      for (int i = 0; i < VIEWERS; i++) {
        streams.add(threads.submit(() -> visitor.get("/api/jobs/" + job + "/events").body()));
      }
      int before = steps(visitor, job);
      Visitor.sleep(1500);
      assertThat(steps(visitor, job)).as("goes on").isGreaterThan(before);
      visitor.post("/api/jobs/" + job + "/give-up", "");
      visitor.await(job, "given_up");

      for (Future<String> stream : streams) {
        String events = stream.get(60, TimeUnit.SECONDS);
        assertThat(events).startsWith("event: snapshot\n").contains("\nevent: frame\n");
        assertThat(events.substring(events.lastIndexOf("event: ")))
            .startsWith("event: snapshot\n")
            .contains("given_up");
      }
    }
  }

  private static int steps(Visitor visitor, int job) throws Exception {
    try (Socket socket = new Socket("localhost", visitor.port())) {
      socket
          .getOutputStream()
          .write(
              ("GET /api/jobs/" + job + "/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                  .getBytes(ISO_8859_1));
      StringBuilder seen = new StringBuilder();
      byte[] buffer = new byte[1 << 16];
      while (!seen.toString().contains("\"steps\":")) {
        int count = socket.getInputStream().read(buffer);
        seen.append(new String(buffer, 0, count, ISO_8859_1));
      }
      var matcher =
          java.util.regex.Pattern.compile("\"total\":[0-9]+,\"steps\":([0-9]+),").matcher(seen);
      while (!matcher.find()) {
        int count = socket.getInputStream().read(buffer);
        seen.append(new String(buffer, 0, count, ISO_8859_1));
        matcher.reset(seen);
      }
      return Integer.parseInt(matcher.group(1));
    }
  }
}
