package dev.cram.app;

import dev.cram.lm.hub.PullListener;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Says how far a download is, on a {@link StatusLine}. */
final class PullProgress implements PullListener, AutoCloseable {
  /** The rate is that of so many last seconds, since a network is not the same all the time. */
  private static final long RATE_NANOS = 15_000_000_000L;

  private static final long SAMPLE_NANOS = 500_000_000L;

  private record Sample(long nanos, long received) {}

  private final String name;
  private final StatusLine line;
  private final LongSupplier nanoTime;
  private final Consumer<Path> check;
  private final long started;
  private final Deque<Sample> samples = new ArrayDeque<>();
  private int files;
  private long planned;
  private long present;
  private long received;

  /**
   * @param name what is downloaded
   * @param check called when the small files of a model are there, with their folder
   */
  PullProgress(String name, StatusLine line, LongSupplier nanoTime, Consumer<Path> check) {
    this.name = name;
    this.line = line;
    this.nanoTime = nanoTime;
    this.check = check;
    this.started = nanoTime.getAsLong();
  }

  @Override
  public void described(Path snapshot) {
    check.accept(snapshot);
  }

  @Override
  public synchronized void planned(int files, long bytes) {
    this.files += files;
    planned += bytes;
  }

  @Override
  public synchronized void found(long bytes) {
    present += bytes;
  }

  @Override
  public synchronized void received(long bytes) {
    long now = nanoTime.getAsLong();
    received += bytes;
    if (samples.isEmpty() || now - samples.getLast().nanos() >= SAMPLE_NANOS) {
      samples.add(new Sample(now, received));
      while (now - samples.getFirst().nanos() > RATE_NANOS) {
        samples.removeFirst();
      }
    }
    line.showWhenDue(this::fields);
  }

  @Override
  public synchronized void lost(long bytes) {
    long again = Math.min(bytes, received);
    received -= again;
    present -= bytes - again;
    samples.clear();
  }

  @Override
  public synchronized void waiting(String reason) {
    line.say(reason);
  }

  private List<String> fields() {
    long there = present + received;
    List<String> fields = new ArrayList<>();
    fields.add(
        String.format(
            Locale.ROOT,
            "%s of %s (%d%%)",
            Spoken.bytes(there),
            Spoken.bytes(planned),
            planned == 0 ? 100 : 100 * there / planned));
    Sample first = samples.getFirst();
    double seconds = (nanoTime.getAsLong() - first.nanos()) / 1e9;
    double rate = (received - first.received()) / seconds;
    if (rate > 0 && seconds > 0) {
      fields.add(Spoken.bytes(Math.round(rate)) + "/s");
      fields.add(Spoken.duration((planned - there) / rate) + " left");
    }
    fields.add(name);
    return fields;
  }

  /** Says what has been done. */
  synchronized void done(String model) {
    line.say(
        String.format(
            "%s: %s, %s%s; use it with --model %s",
            name,
            Spoken.count(files, "file"),
            Spoken.bytes(planned),
            received == 0
                ? ", all there already"
                : ", "
                    + Spoken.bytes(received)
                    + " of them downloaded in "
                    + Spoken.duration((nanoTime.getAsLong() - started) / 1e9),
            model));
  }

  @Override
  public synchronized void close() {
    line.close();
  }
}
