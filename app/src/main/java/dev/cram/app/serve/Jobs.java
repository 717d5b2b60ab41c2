package dev.cram.app.serve;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;

/** All jobs: one runs at a time, in the order in which they came; the last that ended are kept. */
final class Jobs implements AutoCloseable {
  private static final int KEPT = 50;

  /** Of their texts; a job has some thirty bytes in memory for each. */
  private static final long KEPT_BYTES = 8 << 20;

  private final OpenModels models;
  private final Specimens specimens;
  private final int threads;
  private final int most;
  private final Semaphore turn = new Semaphore(1, true);
  private final Map<Integer, Job> jobs = new LinkedHashMap<>();
  private int lastId;

  /**
   * @param most jobs that may wait, run or be stopped at a time
   */
  Jobs(OpenModels models, Specimens specimens, int threads, int most) {
    this.models = models;
    this.specimens = specimens;
    this.threads = threads;
    this.most = most;
  }

  /**
   * Takes an order.
   *
   * @throws Refusal if there are too many
   */
  Job submit(Job.Order order) {
    return submit(order, 0);
  }

  /**
   * Takes an order in the place of a job, which is given up.
   *
   * @throws Refusal if there are too many; the job is not given up then
   */
  synchronized Job replace(Job before, Job.Order order) {
    Job job = submit(order, before.isOver() ? 0 : 1);
    before.giveUp();
    return job;
  }

  private synchronized Job submit(Job.Order order, int leaving) {
    List<Job> over = jobs.values().stream().filter(Job::isOver).toList();
    if (jobs.size() - over.size() - leaving >= most) {
      throw new Refusal(
          Refusal.BUSY, "there are " + most + " jobs already; wait for one, or give one up");
    }
    long bytes = order.original().length;
    int kept = 1;
    for (Job old : over.reversed()) {
      bytes += old.order().original().length;
      if (++kept > KEPT || bytes > KEPT_BYTES) {
        jobs.remove(old.id());
      }
    }
    Job job = new Job(++lastId, order, models, specimens, turn, threads);
    jobs.put(job.id(), job);
    job.start();
    return job;
  }

  /**
   * @throws Refusal if there is no such job
   */
  synchronized Job get(String id) {
    Job job = id.matches("[0-9]{1,9}") ? jobs.get(Integer.valueOf(id)) : null;
    if (job == null) {
      throw new Refusal(Refusal.NOT_FOUND, "there is no such job; it may have been forgotten");
    }
    return job;
  }

  /** The latest first. */
  List<Job.Summary> summaries() {
    List<Job> all;
    synchronized (this) {
      all = new ArrayList<>(jobs.values());
    }
    return all.reversed().stream().map(Job::summary).toList();
  }

  /** Gives all jobs up. */
  @Override
  public synchronized void close() {
    jobs.values().forEach(Job::giveUp);
  }
}
