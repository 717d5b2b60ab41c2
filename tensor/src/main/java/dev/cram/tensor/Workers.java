package dev.cram.tensor;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * A team of threads that runs the parts of one task at a time, the caller among them.
 *
 * <p>A training step forks several hundred short tasks, so idle workers spin for a while before
 * they park, and starting a task allocates nothing. Parts are handed out dynamically; results must
 * not depend on which worker runs which part, and then they do not depend on the number of threads
 * either.
 *
 * <p>One thread at a time may call {@link #run}; tasks must not call it themselves.
 */
public final class Workers implements AutoCloseable {
  /** The parts of one piece of work. */
  @FunctionalInterface
  public interface Task {
    /**
     * Runs one part.
     *
     * @param part from 0 to the number of parts - 1
     * @param worker from 0 to {@link Workers#threads()} - 1; no two threads share one, so it may
     *     index scratch memory
     */
    void run(int part, int worker);
  }

  private static final int SPINS_BEFORE_PARKING = 20_000;
  private static final int SPINS_BEFORE_YIELDING = 2_000;
  private static final VarHandle TICKET;
  private static final VarHandle UNFINISHED;
  private static final VarHandle FAILURE;
  private static final VarHandle PARKED = MethodHandles.arrayElementVarHandle(boolean[].class);

  static {
    try {
      var lookup = MethodHandles.lookup();
      TICKET = lookup.findVarHandle(Workers.class, "ticket", long.class);
      UNFINISHED = lookup.findVarHandle(Workers.class, "unfinished", int.class);
      FAILURE = lookup.findVarHandle(Workers.class, "failure", Throwable.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Thread[] helpers;

  /**
   * Which workers park or are about to. A worker sets its flag and then looks at the ticket, the
   * caller sets the ticket and then looks at the flags, all volatile: one of them sees the other.
   */
  private final boolean[] parked;

  /**
   * High half: generation of the task. Low half: parts not yet taken. The generation may wrap
   * around: whoever takes a part by an exact ticket takes one of the task that runs now.
   */
  @SuppressWarnings("unused")
  private volatile long ticket;

  @SuppressWarnings("unused")
  private volatile int unfinished;

  private volatile Throwable failure;
  private volatile boolean closed;
  private Task task;

  /**
   * Starts {@code threads - 1} daemon threads.
   *
   * @throws IllegalArgumentException if {@code threads} is less than 1
   */
  public Workers(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("a team needs at least one thread, not " + threads);
    }
    helpers = new Thread[threads - 1];
    parked = new boolean[threads];
    for (int i = 0; i < helpers.length; i++) {
      int worker = i + 1;
      helpers[i] =
          Thread.ofPlatform().daemon().name("cram-worker-" + worker).unstarted(() -> serve(worker));
    }
    for (Thread helper : helpers) {
      helper.start();
    }
  }

  /** The number of threads that work, the caller's included. */
  public int threads() {
    return helpers.length + 1;
  }

  /**
   * Runs all parts of a task and returns when they are done.
   *
   * @throws RuntimeException or Error, whatever a part threw first; the other parts still ran or
   *     were skipped
   */
  public void run(Task task, int parts) {
    if (parts <= 0) {
      return;
    }
    if (helpers.length == 0 || parts == 1) {
      for (int part = 0; part < parts; part++) {
        task.run(part, 0);
      }
      return;
    }
    this.task = task;
    UNFINISHED.setVolatile(this, parts);
    long generation = (ticket >>> 32) + 1;
    TICKET.setVolatile(this, (generation << 32) | parts);
    for (int i = 0; i < helpers.length; i++) {
      if ((boolean) PARKED.getVolatile(parked, i + 1)) {
        LockSupport.unpark(helpers[i]);
      }
    }
    takeParts(generation, 0);
    int spins = 0;
    while ((int) UNFINISHED.getAcquire(this) > 0) {
      // With more threads than processors the last part may wait for the one this thread holds.
      if (++spins < SPINS_BEFORE_YIELDING) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
    if (failure != null) {
      Throwable thrown = failure;
      failure = null;
      switch (thrown) {
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw new IllegalStateException(thrown);
      }
    }
  }

  /** Takes parts of one generation until none is left. */
  private void takeParts(long generation, int worker) {
    while (true) {
      long seen = (long) TICKET.getAcquire(this);
      int left = (int) seen;
      if (seen >>> 32 != (generation & 0xFFFFFFFFL) || left == 0) {
        return;
      }
      // Many at first and fewer towards the end: few contended tickets, and all finish together.
      int taken = Math.max(1, left / (2 * threads()));
      if (!TICKET.compareAndSet(this, seen, seen - taken)) {
        continue;
      }
      // The part that was just taken is unfinished, so the caller still waits and `task` is stable.
      try {
        for (int part = left - 1; part >= left - taken; part--) {
          task.run(part, worker);
        }
      } catch (Throwable e) {
        FAILURE.compareAndSet(this, null, e);
      } finally {
        UNFINISHED.getAndAddRelease(this, -taken);
      }
    }
  }

  private void serve(int worker) {
    long done = 0;
    int spins = 0;
    while (!closed) {
      long seen = (long) TICKET.getAcquire(this);
      if (seen >>> 32 != done && (int) seen != 0) {
        done = seen >>> 32;
        takeParts(done, worker);
        spins = 0;
      } else if (++spins < SPINS_BEFORE_PARKING) {
        Thread.onSpinWait();
      } else {
        PARKED.setVolatile(parked, worker, true);
        seen = (long) TICKET.getVolatile(this);
        if (!closed && (seen >>> 32 == done || (int) seen == 0)) {
          LockSupport.park(this);
        }
        PARKED.setVolatile(parked, worker, false);
        spins = 0;
      }
    }
  }

  /** Stops the threads; a running task must have ended. */
  @Override
  public void close() {
    closed = true;
    for (Thread helper : helpers) {
      LockSupport.unpark(helper);
    }
  }
}
