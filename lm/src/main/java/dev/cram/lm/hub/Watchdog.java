package dev.cram.lm.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Ends connections over which nothing comes any more: a reader of the HTTP client would wait for
 * ever, since the client's time limit is for the beginning of an answer only.
 */
final class Watchdog implements AutoCloseable {
  private final Duration limit;
  private final Set<WatchedStream> open = ConcurrentHashMap.newKeySet();
  private final Thread thread;

  /**
   * @param limit how long a connection may be silent
   */
  Watchdog(Duration limit) {
    this.limit = limit;
    this.thread = Thread.ofVirtual().name("hub watchdog").start(this::watch);
  }

  /** A stream whose reads fail after the limit. */
  InputStream watch(InputStream stream) {
    WatchedStream watched = new WatchedStream(stream);
    open.add(watched);
    return watched;
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(limit.dividedBy(10));
        long now = System.nanoTime();
        open.forEach(stream -> stream.endIfSilent(now - limit.toNanos()));
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private final class WatchedStream extends InputStream {
    private final InputStream stream;
    private volatile long waitingSince = Long.MAX_VALUE;
    private volatile boolean ended;

    WatchedStream(InputStream stream) {
      this.stream = stream;
    }

    void endIfSilent(long before) {
      long since = waitingSince;
      if (since != Long.MAX_VALUE && since - before < 0) {
        ended = true;
        try {
          stream.close();
        } catch (IOException e) {
          // The reader is told below.
        }
      }
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      waitingSince = System.nanoTime();
      try {
        int count = stream.read(bytes, from, length);
        if (ended) {
          throw new SocketTimeoutException("nothing came for " + limit.toSeconds() + " s");
        }
        return count;
      } catch (IOException e) {
        throw ended
            ? new SocketTimeoutException("nothing came for " + limit.toSeconds() + " s")
            : e;
      } finally {
        waitingSince = Long.MAX_VALUE;
      }
    }

    @Override
    public void close() throws IOException {
      open.remove(this);
      stream.close();
    }
  }
}
