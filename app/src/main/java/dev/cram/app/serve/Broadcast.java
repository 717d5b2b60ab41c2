package dev.cram.app.serve;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;

/**
 * Events for any number of viewers, each put into bytes once.
 *
 * <p>Only the last few are kept. A viewer who has fallen behind them gets a snapshot of everything
 * instead, so nobody waits for the slowest, and nothing piles up for him.
 */
final class Broadcast {
  private static final int KEPT = 16;

  /**
   * Something that is sent.
   *
   * @param number what has been sent with it: all events up to this one
   * @param bytes a block of the event stream
   */
  record Event(long number, byte[] bytes, boolean isLast) {}

  private final Deque<Event> kept = new ArrayDeque<>();
  private long last;
  private boolean over;
  private int viewers;

  /**
   * A block of an event stream (https://html.spec.whatwg.org/multipage/server-sent-events.html).
   */
  static byte[] block(String name, String json) {
    return ("event: " + name + "\ndata: " + json + "\n\n").getBytes(StandardCharsets.UTF_8);
  }

  synchronized void joined() {
    viewers++;
    notifyAll();
  }

  synchronized void left() {
    viewers--;
  }

  synchronized int viewers() {
    return viewers;
  }

  /** Waits until somebody looks on, all is over, or the time has passed. */
  synchronized void awaitViewer(long millis) throws InterruptedException {
    if (viewers == 0 && !over) {
      wait(millis);
    }
  }

  /**
   * Sends an event to all.
   *
   * @param json what it says; asked for while nobody takes a snapshot
   */
  synchronized void send(String name, Supplier<String> json) {
    add(name, json, false);
  }

  /** Sends the last event to all; those who come later have it in their snapshot. */
  synchronized void end(String name, Supplier<String> json) {
    add(name, json, true);
    over = true;
  }

  private void add(String name, Supplier<String> json, boolean isLast) {
    if (over) {
      return;
    }
    kept.addLast(new Event(++last, block(name, json.get()), isLast));
    if (kept.size() > KEPT) {
      kept.removeFirst();
    }
    notifyAll();
  }

  /**
   * A snapshot for one who joins.
   *
   * @param name of its event
   * @param json tells everything; asked for while no event is sent
   */
  synchronized Event snapshot(String name, Supplier<String> json) {
    return new Event(last, block(name, json.get()), over);
  }

  /**
   * The event after another one, waiting for it.
   *
   * @return null if the time has passed; an event whose number is not the next if it is kept no
   *     more
   */
  synchronized Event after(long number, long millis) throws InterruptedException {
    if (number == last && !over) {
      wait(millis);
    }
    if (number == last) {
      return null;
    }
    for (Event event : kept) {
      if (event.number() > number) {
        return event;
      }
    }
    return null;
  }
}
