package dev.cram.app.serve;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sends the events of a job to one viewer after another, as Server-Sent Events.
 *
 * <p>Each viewer has a thread, which blocks where the viewer does not read; after the server's idle
 * timeout the connection is closed. Nobody else notices.
 */
final class EventStream {
  private static final byte[] HEARTBEAT = ":\n\n".getBytes(StandardCharsets.UTF_8);

  private final int most;
  private final long heartbeatMillis;
  private final AtomicInteger viewers = new AtomicInteger();

  /**
   * @param most viewers at a time
   * @param idleSeconds after which the server lets go of a connection on which nothing moves
   */
  EventStream(int most, int idleSeconds) {
    this.most = most;
    this.heartbeatMillis = 1000L * idleSeconds / 3;
  }

  /**
   * Follows a job until it is over or the viewer goes.
   *
   * @throws Refusal if there are too many viewers
   */
  void follow(Context request, Job job) throws IOException, InterruptedException {
    if (viewers.incrementAndGet() > most) {
      viewers.decrementAndGet();
      throw new Refusal(Refusal.BUSY, "there are " + most + " viewers already");
    }
    Broadcast broadcast = job.broadcast();
    broadcast.joined();
    try {
      request.contentType("text/event-stream; charset=utf-8");
      OutputStream out = request.res().getOutputStream();
      Broadcast.Event event = job.snapshotEvent();
      send(out, event.bytes());
      while (!event.isLast()) {
        Broadcast.Event next = broadcast.after(event.number(), heartbeatMillis);
        if (next == null) {
          send(out, HEARTBEAT);
        } else {
          event = next.number() == event.number() + 1 ? next : job.snapshotEvent();
          send(out, event.bytes());
        }
      }
    } finally {
      broadcast.left();
      viewers.decrementAndGet();
    }
  }

  private static void send(OutputStream out, byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }
}
