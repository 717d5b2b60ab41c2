package dev.cram.app.serve;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Answers with lines of JSON, each sent as soon as it is known.
 *
 * <p>The work is done by a thread that does not wait for the one who reads: its results are small,
 * and kept until they are read. When the reader goes, the work ends.
 */
final class LineStream {
  private static final int WORKERS = 2;
  private static final long PATIENCE_SECONDS = 20;

  private final Semaphore turns = new Semaphore(WORKERS, true);

  private static final class Lines {
    private final Deque<Object> waiting = new ArrayDeque<>();
    private boolean ended;
    private boolean abandoned;
    private Throwable failure;

    synchronized void add(Object line) {
      if (abandoned) {
        throw new CancellationException("nobody reads");
      }
      waiting.add(line);
      notifyAll();
    }

    synchronized void end(Throwable failure) {
      this.failure = failure;
      ended = true;
      notifyAll();
    }

    synchronized void abandon() {
      abandoned = true;
    }

    /** All lines that are there, waiting for one; none at the end. */
    synchronized Object[] take() throws InterruptedException {
      while (waiting.isEmpty() && !ended) {
        wait();
      }
      Object[] lines = waiting.toArray();
      waiting.clear();
      return lines;
    }

    synchronized Throwable failure() {
      return failure;
    }
  }

  /** A failure after the first line, told as the last. */
  private record Failure(String error) {}

  /**
   * Does some work and answers with what it tells.
   *
   * @throws Refusal if too many others are being answered, or whatever the work throws before it
   *     tells anything
   */
  void answer(Context request, Consumer<Consumer<Object>> work)
      throws IOException, InterruptedException {
    if (!turns.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new Refusal(Refusal.BUSY, "others are decoding; try again");
    }
    var lines = new Lines();
    Thread.ofPlatform()
        .daemon()
        .name("cram-decoder")
        .start(() -> {
          Throwable failure = null;
          try {
            work.accept(lines::add);
          } catch (Throwable e) {
            failure = e;
          } finally {
            turns.release();
            lines.end(failure);
          }
        });
    try {
      Object[] first = lines.take();
      if (first.length == 0) {
        rethrow(lines.failure());
      }
      request.contentType("application/x-ndjson; charset=utf-8");
      OutputStream out = request.res().getOutputStream();
      for (Object[] batch = first; batch.length > 0; batch = lines.take()) {
        StringBuilder text = new StringBuilder();
        for (Object line : batch) {
          text.append(Json.of(line)).append('\n');
        }
        out.write(text.toString().getBytes(StandardCharsets.UTF_8));
        out.flush();
      }
      if (lines.failure() != null) {
        String line = Json.of(new Failure(WebServer.message(lines.failure())));
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      }
    } finally {
      lines.abandon();
    }
  }

  private static void rethrow(Throwable failure) {
    switch (failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failure);
    }
  }
}
