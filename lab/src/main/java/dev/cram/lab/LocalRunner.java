package dev.cram.lab;

import dev.cram.CramStep;
import dev.cram.lab.run.Run;
import dev.cram.lab.run.RunRequest;
import dev.cram.lab.run.Trial;
import dev.cram.lm.CausalLm;
import dev.cram.lm.InputException;
import dev.cram.tensor.Workers;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Does runs on this machine: independent texts, one a core, since a step of one text over several
 * cores gives less (see BENCHMARKS.md).
 */
public final class LocalRunner implements Runner {
  private final int threads;

  /**
   * @param threads runs that are done at the same time, one thread each
   */
  public LocalRunner(int threads) {
    this.threads = threads;
  }

  @Override
  public int parallelRuns() {
    return threads;
  }

  @Override
  public void run(
      CausalLm lm, List<RunRequest> requests, LabListener listener, Consumer<Run> record) {
    AtomicInteger next = new AtomicInteger();
    Object oneAtATime = new Object();
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> loops =
          IntStream.range(0, Math.min(threads, requests.size()))
              .<Future<?>>mapToObj(i ->
                  pool.submit(() -> {
                    try (Workers own = new Workers(1);
                        Trial trial =
                            new Trial(lm, own, Machine.description(), Machine.software())) {
                      for (int at; (at = next.getAndIncrement()) < requests.size(); ) {
                        one(trial, requests.get(at), listener, record, oneAtATime);
                      }
                    } catch (RuntimeException | Error e) {
                      next.set(requests.size());
                      throw e;
                    }
                  }))
              .toList();
      try {
        for (Future<?> loop : loops) {
          loop.get();
        }
      } catch (InterruptedException e) {
        // Before the pool is closed, which waits.
        next.set(requests.size());
        throw e;
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InputException("interrupted; the finished runs are recorded", e);
    }
  }

  private static void one(
      Trial trial,
      RunRequest request,
      LabListener listener,
      Consumer<Run> record,
      Object oneAtATime) {
    Consumer<CramStep> progress =
        step -> {
          synchronized (oneAtATime) {
            listener.stepped(request, step);
          }
        };
    Run run;
    try {
      run = trial.run(request, progress);
    } catch (InputException e) {
      synchronized (oneAtATime) {
        listener.failed(request.key(), e);
      }
      return;
    }
    synchronized (oneAtATime) {
      record.accept(run);
    }
  }
}
