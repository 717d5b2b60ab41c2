package dev.cram.app;

import dev.cram.CramStep;
import dev.cram.lab.LabListener;
import dev.cram.lab.Plan;
import dev.cram.lab.run.Run;
import dev.cram.lab.run.RunKey;
import dev.cram.lab.run.RunRequest;
import dev.cram.lm.InputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Says what an experiment will do, and how far it is. */
final class MeasureProgress implements LabListener, AutoCloseable {
  private final StatusLine line;
  private final boolean planOnly;
  private int planned;
  private int done;
  private int failed;
  private String firstFailure;
  private int exact;
  private double work;
  private double workDone;
  private long started;

  /**
   * @param planOnly whether nothing will be run
   */
  MeasureProgress(StatusLine line, boolean planOnly) {
    this.line = line;
    this.planOnly = planOnly;
  }

  @Override
  public void planned(Plan plan) {
    List<String> parts = new ArrayList<>();
    parts.add(plan.model() + ": " + Spoken.count(plan.requests().size(), "run") + " to do");
    if (plan.alreadyDone() > 0) {
      parts.add(Spoken.number(plan.alreadyDone()) + " in the database already");
    }
    if (plan.tooShort() > 0) {
      parts.add(
          Spoken.count(plan.tooShort(), "text") + " skipped, shorter than the length asked for");
    }
    if (plan.tooLong() > 0) {
      parts.add(
          Spoken.count(plan.tooLong(), "run") + " skipped, longer than the model's positions");
    }
    if (!plan.requests().isEmpty()) {
      parts.add("at most " + Spoken.duration(plan.atMostSeconds()));
    }
    line.say(String.join(", ", parts));
    planned += plan.requests().size();
    work += plan.requests().stream().mapToDouble(request -> work(request.key())).sum();
    if (started == 0 && !planOnly) {
      started = System.nanoTime();
    }
  }

  /** A step costs about in proportion to the length. */
  private static double work(RunKey key) {
    return key.length() + key.vectors();
  }

  @Override
  public void stepped(RunRequest request, CramStep step) {
    RunKey run = request.key();
    line.showWhenDue(() -> {
      List<String> fields = soFar();
      fields.add(
          String.format(
              Locale.ROOT,
              "now %s %d, %s: step %,d, %.0f%% right: %s",
              run.source(),
              run.sample(),
              Spoken.count(run.length(), "token"),
              step.step(),
              Math.floor(100 * step.accuracy()),
              request.opening()));
      return fields;
    });
  }

  @Override
  public void finished(Run run) {
    done++;
    exact += run.exact() ? 1 : 0;
    workDone += work(run.key());
    line.showWhenDue(this::soFar);
  }

  @Override
  public void interpolated(int count, int total) {
    line.showWhenDue(() ->
        List.of(
            "%s of %s between vectors measured"
                .formatted(Spoken.number(count), Spoken.count(total, "line"))));
  }

  @Override
  public void failed(RunKey run, InputException reason) {
    failed++;
    workDone += work(run);
    String failure =
        "%s %d, %s: %s"
            .formatted(
                run.source(),
                run.sample(),
                Spoken.count(run.length(), "token"),
                reason.getMessage());
    firstFailure = firstFailure == null ? failure : firstFailure;
    line.say(failure);
  }

  private List<String> soFar() {
    List<String> fields = new ArrayList<>();
    fields.add("%s of %s done".formatted(Spoken.number(done), Spoken.count(planned, "run")));
    if (failed > 0) {
      fields.add(Spoken.number(failed) + " failed");
    }
    double seconds = (System.nanoTime() - started) / 1e9;
    if (workDone > 0) {
      fields.add(String.format(Locale.ROOT, "%.1f a minute", done * 60 / seconds));
      fields.add(Spoken.duration((work - workDone) * seconds / workDone) + " left");
    }
    fields.add(Spoken.number(exact) + " exact");
    return fields;
  }

  /** Says what was done. */
  void done(Path database) {
    line.say(
        "%s done%s, %s exact, in %s; results in %s"
            .formatted(
                Spoken.count(done, "run"),
                failed == 0 ? "" : ", " + Spoken.number(failed) + " failed",
                Spoken.number(exact),
                Spoken.duration(started == 0 ? 0 : (System.nanoTime() - started) / 1e9),
                database));
  }

  /**
   * @throws InputException if runs failed, which a quiet command has not said yet
   */
  void requireNoFailures() {
    if (failed > 0) {
      throw new InputException(
          "%s of %s failed and will be tried again by the same command; the first of them: %s"
              .formatted(Spoken.number(failed), Spoken.count(done + failed, "run"), firstFailure));
    }
  }

  @Override
  public void close() {
    line.close();
  }
}
