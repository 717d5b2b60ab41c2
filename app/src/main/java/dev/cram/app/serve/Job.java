package dev.cram.app.serve;

import dev.cram.CompressOptions;
import dev.cram.Cram;
import dev.cram.CramListener;
import dev.cram.CramStep;
import dev.cram.TheoreticalBound;
import dev.cram.container.CramFile;
import dev.cram.container.Segment;
import dev.cram.lm.CausalLm;
import dev.cram.lm.InputException;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import dev.cram.text.TextTokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;

/**
 * A text that is crammed for whoever looks on. It runs on whether anybody does or not; it can be
 * stopped, go on, and be given up.
 */
final class Job {
  /** While it is new, and few look on, a job is shown as lively as the eye can follow. */
  private static final long LIVELY_MILLIS = 100;

  private static final long CALM_MILLIS = 250;
  private static final double LIVELY_SECONDS = 15;
  private static final int FEW_VIEWERS = 10;

  /** The path is drawn at every so many frames: it takes the most room. */
  private static final int FRAMES_A_PATH = 3;

  private static final long UNWATCHED_MILLIS = 1000;

  /** Where a job is on its way. */
  enum Status {
    QUEUED,
    OPENING,
    RUNNING,
    STOPPED,
    VERIFYING,
    DONE,
    GIVEN_UP,
    FAILED;

    boolean isOver() {
      return this == DONE || this == GIVEN_UP || this == FAILED;
    }
  }

  /**
   * What to do.
   *
   * @param name what the visitor calls the text, for display
   * @param model from the menu
   */
  record Order(
      String name, byte[] original, String model, Precision precision, CompressOptions options) {
    Order withSeed(long seed) {
      return new Order(
          name,
          original,
          model,
          precision,
          new CompressOptions(options.vectors(), options.recipe(), seed, options.marginGoal())
              .withVectorBits(options.vectorBits()));
    }
  }

  private final int id;
  private final Order order;
  private final OpenModels models;
  private final Specimens specimens;
  private final Semaphore turn;
  private final int threads;
  private final Broadcast broadcast = new Broadcast();
  private final Thread thread;

  /** The thread that waits for its turn; null while none does. */
  private Thread waiting;

  private Status status = Status.QUEUED;
  private String message = "";
  private boolean stopRequested;
  private volatile boolean interrupted;
  private boolean givenUp;
  private volatile boolean hasTurn;
  private Progress progress;
  private String textJson = textJson(List.of(), List.of());
  private CramFile file;
  private byte[] fileBytes;
  private Outcome outcome;
  private String specimen;

  /**
   * @param turn has one permit, which the running job has
   */
  Job(int id, Order order, OpenModels models, Specimens specimens, Semaphore turn, int threads) {
    this.id = id;
    this.order = order;
    this.models = models;
    this.specimens = specimens;
    this.turn = turn;
    this.threads = threads;
    this.thread = Thread.ofPlatform().daemon().name("cram-job-" + id).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  private void run() {
    try {
      takeTurn();
      become(Status.OPENING);
      try (OpenModels.Lease lease = models.use(order.model(), order.precision())) {
        cram(lease.lm());
      }
      end(Status.DONE, "");
    } catch (InterruptedException | CancellationException e) {
      end(Status.GIVEN_UP, "");
    } catch (InputException | Refusal e) {
      end(Status.FAILED, e.getMessage());
    } catch (OutOfMemoryError e) {
      end(Status.FAILED, "not enough memory; a larger limit: CRAM_JAVA_OPTS=-Xmx8g");
    } catch (Throwable e) {
      end(
          Status.FAILED,
          "failed unexpectedly: " + String.valueOf(e).lines().findFirst().orElse(""));
    } finally {
      passTurn();
    }
  }

  private void takeTurn() throws InterruptedException {
    synchronized (this) {
      requireWanted();
      waiting = Thread.currentThread();
    }
    try {
      turn.acquire();
      hasTurn = true;
    } finally {
      synchronized (this) {
        waiting = null;
      }
    }
    requireWanted();
  }

  private void passTurn() {
    if (hasTurn) {
      hasTurn = false;
      turn.release();
    }
  }

  private void cram(CausalLm lm) {
    TextTokenizer tokenizer = TextTokenizer.of(lm.tokenizer(), lm.vocabularySize());
    Tokens text = Tokens.of(order.original(), tokenizer);
    double bound = TheoreticalBound.tokens(lm.embeddingSize(), lm.vocabularySize());
    synchronized (this) {
      progress = new Progress(text, bound, System::nanoTime);
      textJson = textJson(text.texts(), text.raws());
    }
    become(Status.RUNNING);
    broadcast.send("snapshot", this::snapshot);
    Thread frames = Thread.ofVirtual().name("cram-frames-" + id).start(this::sendFrames);
    try (Cram cram = Cram.on(lm, threads)) {
      CramFile made = cram.compress(order.original(), order.options(), new Listener());
      progress.ended();
      become(Status.VERIFYING);
      byte[] bytes = bytes(made);
      boolean exact =
          Arrays.equals(
              order.original(),
              cram.decompress(order.name(), CramFile.read(order.name(), bytes), new Listener()));
      Outcome measured;
      try (Workers workers = new Workers(threads)) {
        measured = Outcome.of(lm, workers, made, order.original(), text.ids(), bytes.length, exact);
      }
      synchronized (this) {
        file = made;
        fileBytes = bytes;
        outcome = measured;
        specimen = specimens.add(order.name(), order.model(), made, text.ids());
      }
    } finally {
      frames.interrupt();
      progress.ended();
    }
  }

  private static String textJson(List<String> texts, List<Tokens.Raw> raws) {
    return ",\"texts\":" + Json.of(texts) + ",\"raws\":" + Json.of(raws);
  }

  private static byte[] bytes(CramFile file) {
    var bytes = new ByteArrayOutputStream();
    try {
      file.write(bytes);
    } catch (IOException e) {
      throw new IllegalStateException("memory takes all bytes", e);
    }
    return bytes.toByteArray();
  }

  private void sendFrames() {
    try {
      int settled = 0;
      long steps = 0;
      for (int frame = 0; !Thread.currentThread().isInterrupted(); ) {
        broadcast.awaitViewer(UNWATCHED_MILLIS);
        if (broadcast.viewers() > 0) {
          boolean withPath = frame++ % FRAMES_A_PATH == 0;
          int knownSettled = settled;
          long knownSteps = steps;
          Progress.View[] sent = new Progress.View[1];
          broadcast.send(
              "frame",
              () -> {
                sent[0] = progress.changes(knownSettled, knownSteps, withPath);
                return Json.of(sent[0]);
              });
          settled = sent[0].settled();
          steps = sent[0].steps();
          boolean lively = sent[0].seconds() < LIVELY_SECONDS && broadcast.viewers() <= FEW_VIEWERS;
          Thread.sleep(lively ? LIVELY_MILLIS : CALM_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      // The job is over.
    }
  }

  /** Hears of the work, and holds it up where the visitor wants that. */
  private final class Listener implements CramListener {
    @Override
    public void segmentStarted(int firstToken, int[] tokens, int vectors) {
      progress.segmentStarted(firstToken, tokens, vectors);
    }

    @Override
    public void stepped(int firstToken, CramStep step) {
      progress.stepped(firstToken, step);
      holdUp();
    }

    @Override
    public void segmentFinished(int firstToken, Segment segment) {
      progress.segmentFinished(firstToken, segment);
      holdUp();
    }

    @Override
    public void decoded(int tokens, int allTokens) {
      holdUp();
    }
  }

  private void holdUp() {
    if (interrupted) {
      try {
        stopWhileWanted();
      } catch (InterruptedException e) {
        throw new CancellationException("interrupted");
      }
    }
  }

  private void stopWhileWanted() throws InterruptedException {
    Status before;
    synchronized (this) {
      requireWanted();
      if (!stopRequested) {
        interrupted = false;
        return;
      }
      before = status;
    }
    progress.paused();
    become(Status.STOPPED);
    passTurn();
    synchronized (this) {
      while (stopRequested && !givenUp) {
        wait();
      }
      interrupted = givenUp;
      requireWanted();
    }
    become(Status.QUEUED);
    takeTurn();
    progress.resumed();
    become(before);
  }

  private synchronized void requireWanted() {
    if (givenUp) {
      throw new CancellationException("given up");
    }
  }

  /** Lets the work rest after its next step, until it shall go on. */
  synchronized void stop() {
    if (!status.isOver()) {
      stopRequested = true;
      interrupted = true;
    }
  }

  synchronized void goOn() {
    stopRequested = false;
    notifyAll();
  }

  /** Ends the work for good. */
  synchronized void giveUp() {
    if (!status.isOver()) {
      givenUp = true;
      interrupted = true;
      notifyAll();
      if (waiting != null) {
        waiting.interrupt();
      }
    }
  }

  private void become(Status status) {
    synchronized (this) {
      this.status = status;
    }
    broadcast.send("status", () -> Json.of(summary()));
  }

  private void end(Status status, String message) {
    synchronized (this) {
      this.status = status;
      this.message = message;
    }
    broadcast.end("snapshot", this::snapshot);
  }

  /** A job in a list. */
  record Summary(
      int id,
      String name,
      String model,
      String precision,
      int vectors,
      int bits,
      String recipe,
      int maxSteps,
      long seed,
      int bytes,
      long steps,
      String status,
      String message,
      Outcome outcome,
      String specimen) {}

  synchronized Summary summary() {
    return new Summary(
        id,
        order.name(),
        order.model(),
        order.precision().name().toLowerCase(Locale.ROOT),
        order.options().vectors(),
        order.options().vectorBits(),
        order.options().recipe().name(),
        order.options().recipe().maxSteps(),
        order.options().seed(),
        order.original().length,
        progress == null ? 0 : progress.steps(),
        status.name().toLowerCase(Locale.ROOT),
        message,
        outcome,
        specimen);
  }

  /** All that there is to see; the text, which is most of it, is put into JSON once. */
  private String snapshot() {
    Progress seen;
    String text;
    synchronized (this) {
      seen = progress;
      text = textJson;
    }
    return "{\"job\":"
        + Json.of(summary())
        + text
        + (seen == null ? "" : ",\"view\":" + Json.of(seen.all()))
        + "}";
  }

  Broadcast.Event snapshotEvent() {
    return broadcast.snapshot("snapshot", this::snapshot);
  }

  Broadcast broadcast() {
    return broadcast;
  }

  int id() {
    return id;
  }

  Order order() {
    return order;
  }

  synchronized boolean isOver() {
    return status.isOver();
  }

  /**
   * The bytes of the {@code .cram} file.
   *
   * @throws Refusal if it is not made yet
   */
  synchronized byte[] fileBytes() {
    requireDone();
    return fileBytes;
  }

  synchronized CramFile file() {
    requireDone();
    return file;
  }

  private void requireDone() {
    if (status != Status.DONE) {
      throw new Refusal(Refusal.CONFLICT, "job " + id + " has no file: it is not done");
    }
  }
}
