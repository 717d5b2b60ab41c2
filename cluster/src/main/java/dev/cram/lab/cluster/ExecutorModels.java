package dev.cram.lab.cluster;

import dev.cram.lab.Machine;
import dev.cram.lab.run.Run;
import dev.cram.lab.run.RunKey;
import dev.cram.lab.run.RunRequest;
import dev.cram.lab.run.Trial;
import dev.cram.lm.CausalLm;
import dev.cram.lm.InputException;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The model that an executor has open. It is opened by the first run that needs it and serves all
 * of this virtual machine's task threads, until a run asks for another one.
 */
final class ExecutorModels {
  private static final Logger LOG = LoggerFactory.getLogger(ExecutorModels.class);

  private static OpenModel current;

  private ExecutorModels() {}

  /**
   * Does a run. What is wrong with its text is a result; anything else, such as a model that this
   * machine lacks, Spark tries again, elsewhere if need be.
   */
  static TaskResult run(RunRequest request) {
    try (Lease lease = leaseHere(request)) {
      TaskContext task = TaskContext.get();
      Run run =
          lease.seat.trial.run(
              request,
              step -> {
                if (task.isInterrupted()) {
                  throw new TaskKilledException("the result is not wanted any more");
                }
              });
      return new TaskResult(request, run, null);
    } catch (InputException e) {
      return new TaskResult(request, null, e.getMessage());
    }
  }

  private static Lease leaseHere(RunRequest request) {
    try {
      return lease(request);
    } catch (InputException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static synchronized Lease lease(RunRequest request) {
    RunKey key = request.key();
    if (current == null || !current.serves(request)) {
      if (current != null) {
        current.retire();
      }
      current = null;
      current = OpenModel.open(request.modelPath(), key.precision());
    }
    if (!current.lm.weightFingerprint().equals(key.weightFingerprint())) {
      throw new InputException(
          request.modelPath() + ": has other weights on " + host() + " than on the driver");
    }
    return new Lease(current, current.seat());
  }

  private static synchronized void giveBack(OpenModel model, Seat seat) {
    model.giveBack(seat);
  }

  private static String host() {
    SparkEnv env = SparkEnv.get();
    return env == null ? "this machine" : env.blockManager().blockManagerId().host();
  }

  /** A thread's place at a model. */
  private record Seat(Workers workers, Trial trial) {
    void close() {
      trial.close();
      workers.close();
    }
  }

  private record Lease(OpenModel model, Seat seat) implements AutoCloseable {
    @Override
    public void close() {
      giveBack(model, seat);
    }
  }

  /** Used under the lock of the class. */
  private static final class OpenModel {
    private final String path;
    private final Precision precision;
    private final CausalLm lm;
    private final Deque<Seat> free = new ArrayDeque<>();
    private int taken;
    private boolean retired;

    private OpenModel(String path, Precision precision, CausalLm lm) {
      this.path = path;
      this.precision = precision;
      this.lm = lm;
    }

    static OpenModel open(String path, Precision precision) {
      try (Workers workers = new Workers(1)) {
        CausalLm lm = CausalLm.open(path, precision, workers);
        LOG.info("opened {} as {}", path, precision);
        return new OpenModel(path, precision, lm);
      }
    }

    boolean serves(RunRequest request) {
      return path.equals(request.modelPath()) && precision == request.key().precision();
    }

    Seat seat() {
      taken++;
      if (!free.isEmpty()) {
        return free.pop();
      }
      Workers workers = new Workers(1);
      return new Seat(
          workers, new Trial(lm, workers, Machine.description() + executor(), Machine.software()));
    }

    private static String executor() {
      SparkEnv env = SparkEnv.get();
      return env == null ? "" : ", Spark executor " + env.executorId() + " on " + host();
    }

    void giveBack(Seat seat) {
      taken--;
      free.push(seat);
      closeIfUnused();
    }

    /** No new run uses it; the runs that do may end. */
    void retire() {
      retired = true;
      closeIfUnused();
    }

    private void closeIfUnused() {
      if (retired && taken == 0) {
        free.forEach(Seat::close);
        lm.close();
      }
    }
  }
}
