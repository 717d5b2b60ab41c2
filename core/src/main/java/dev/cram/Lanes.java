package dev.cram;

import dev.cram.container.Segment;
import dev.cram.tensor.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Does independent jobs side by side, each lane on a few threads of its own.
 *
 * <p>Two threads make one step of a small model only 1.4 to 1.6 times as fast, but two lanes do
 * twice the steps (BENCHMARKS.md). So there are as many lanes as threads, and only where there are
 * fewer jobs than that do several threads share one. Results must not depend on which lane does a
 * job.
 *
 * @param <R> what each lane has for itself: the memory of its computations
 */
final class Lanes<R extends AutoCloseable> {
  /** Something to be done with what a lane has. */
  @FunctionalInterface
  interface Job<R> {
    void run(R own);
  }

  private final Object listening = new Object();
  private int running;
  private volatile boolean stopped;
  private Throwable failure;

  /**
   * Does all jobs, the calling thread among those that do them.
   *
   * @param workers what computes if there is one lane; their number of threads is not exceeded
   * @param expectedJobs about how many jobs there will be
   * @param open makes what a lane has, given its team
   * @param jobs gives the next job, or null if there is none before another one has ended; asked by
   *     one thread at a time, and no more after null while no job is running
   * @throws RuntimeException or Error, whatever a job threw first; the others are stopped
   */
  void run(Workers workers, int expectedJobs, Function<Workers, R> open, Supplier<Job<R>> jobs) {
    int lanes = Math.clamp(expectedJobs, 1, workers.threads());
    if (lanes == 1) {
      serve(workers, open, jobs);
    } else {
      List<Thread> others = new ArrayList<>();
      try {
        for (int lane = 1; lane < lanes; lane++) {
          int threads = share(workers.threads(), lane, lanes);
          others.add(
              Thread.ofPlatform()
                  .daemon()
                  .name("cram-lane-" + lane)
                  .start(() -> serve(threads, open, jobs)));
        }
        serve(share(workers.threads(), 0, lanes), open, jobs);
      } catch (Throwable e) {
        // A system may have no more threads; those that run must not outlive what they work on.
        fail(e);
      } finally {
        others.forEach(Lanes::join);
      }
    }
    switch (failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failure);
    }
  }

  private static int share(int threads, int lane, int lanes) {
    return threads / lanes + (lane < threads % lanes ? 1 : 0);
  }

  private void serve(int threads, Function<Workers, R> open, Supplier<Job<R>> jobs) {
    try (Workers own = new Workers(threads)) {
      serve(own, open, jobs);
    } catch (Throwable e) {
      fail(e);
    }
  }

  private void serve(Workers workers, Function<Workers, R> open, Supplier<Job<R>> jobs) {
    try (R own = open.apply(workers)) {
      for (Job<R> job; (job = next(jobs)) != null; ) {
        try {
          job.run(own);
        } finally {
          ended();
        }
      }
    } catch (Throwable e) {
      fail(e);
    }
  }

  private synchronized Job<R> next(Supplier<Job<R>> jobs) throws InterruptedException {
    while (!stopped) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      Job<R> job = jobs.get();
      if (job != null) {
        running++;
        return job;
      }
      if (running == 0) {
        break;
      }
      wait();
    }
    return null;
  }

  private synchronized void ended() {
    running--;
    notifyAll();
  }

  private synchronized void fail(Throwable e) {
    if (e instanceof InterruptedException) {
      Thread.currentThread().interrupt();
      e = new CancellationException("interrupted");
    }
    if (failure == null && !stopped) {
      failure = e;
    }
    stop();
  }

  /** Lets no further job begin, and ends those that are running when they next report. */
  synchronized void stop() {
    stopped = true;
    notifyAll();
  }

  /**
   * A listener for all lanes: it hears one call at a time, whichever thread it comes from, and none
   * any more once the lanes are stopped.
   */
  CramListener shared(CramListener listener) {
    return new CramListener() {
      @Override
      public void segmentStarted(int firstToken, int[] tokens, int vectors) {
        hear(() -> listener.segmentStarted(firstToken, tokens, vectors));
      }

      @Override
      public void stepped(int firstToken, CramStep step) {
        hear(() -> listener.stepped(firstToken, step));
      }

      @Override
      public void segmentFinished(int firstToken, Segment segment) {
        hear(() -> listener.segmentFinished(firstToken, segment));
      }

      @Override
      public void segmentKept(int firstToken, Segment segment) {
        hear(() -> listener.segmentKept(firstToken, segment));
      }

      @Override
      public void decoded(int tokens, int allTokens) {
        hear(() -> listener.decoded(tokens, allTokens));
      }
    };
  }

  private void hear(Runnable event) {
    synchronized (listening) {
      if (stopped) {
        throw new CancellationException("stopped");
      }
      // Before an interrupted thread uses a file's channel, which would close it.
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException("interrupted");
      }
      event.run();
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
