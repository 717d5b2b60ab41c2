package dev.cram.lm.hub;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Reads a large file over several connections at once, each a range of it, and hands the bytes on
 * in their order: what has been written is always the file's beginning, so that it can be continued
 * by its size alone and be hashed on the way. The ranges that are ahead wait in memory.
 */
final class OrderedRanges {
  /** At most this much is held in memory, and lost when a download is interrupted. */
  static final int RANGE_BYTES = 16 << 20;

  private static final int CONNECTIONS = 4;

  private final Hub hub;
  private final int rangeBytes;

  OrderedRanges(Hub hub, int rangeBytes) {
    this.hub = hub;
    this.rangeBytes = rangeBytes;
  }

  /** Reads from an offset to the end of the file; throws as {@link Hub#read} does. */
  void read(RemoteFile file, long from, Hub.Sink sink) {
    if (file.size() - from <= rangeBytes) {
      hub.read(file, from, file.size(), sink);
      return;
    }
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    try {
      Deque<Range> ahead = new ArrayDeque<>();
      Deque<byte[]> free = new ArrayDeque<>();
      long next = from;
      for (long at = from; at < file.size(); ) {
        for (; ahead.size() < CONNECTIONS && next < file.size(); next += rangeBytes) {
          byte[] bytes = free.isEmpty() ? new byte[rangeBytes] : free.pop();
          Range range = new Range(next, Math.min(file.size(), next + rangeBytes), bytes);
          ahead.add(range);
          executor.execute(() -> range.fill(hub, file));
        }
        Range range = ahead.remove();
        range.drain(sink);
        free.push(range.bytes);
        at = range.to;
      }
    } finally {
      executor.shutdownNow();
      executor.close();
    }
  }

  /** Bytes that one thread brings while another takes them. */
  private static final class Range {
    private final long from;
    private final long to;
    private final byte[] bytes;
    private int filled;
    private Throwable failure;

    Range(long from, long to, byte[] bytes) {
      this.from = from;
      this.to = to;
      this.bytes = bytes;
    }

    void fill(Hub hub, RemoteFile file) {
      try {
        hub.read(file, from, to, this::add);
      } catch (RuntimeException | Error e) {
        fail(e);
      }
    }

    private synchronized void add(byte[] more, int count) {
      System.arraycopy(more, 0, bytes, filled, count);
      filled += count;
      notifyAll();
    }

    private synchronized void fail(Throwable e) {
      failure = e;
      notifyAll();
    }

    void drain(Hub.Sink sink) {
      byte[] piece = new byte[1 << 16];
      for (int taken = 0; taken < to - from; ) {
        int count = take(taken, piece);
        sink.accept(piece, count);
        taken += count;
      }
    }

    private synchronized int take(int taken, byte[] piece) {
      try {
        while (filled == taken && failure == null) {
          wait();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancellationException("interrupted");
      }
      if (filled == taken) {
        switch (failure) {
          case Error e -> throw e;
          case Throwable e -> throw (RuntimeException) e;
        }
      }
      int count = Math.min(piece.length, filled - taken);
      System.arraycopy(bytes, taken, piece, 0, count);
      return count;
    }
  }
}
