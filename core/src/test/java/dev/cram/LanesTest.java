package dev.cram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cram.tensor.Workers;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LanesTest {
  /** What a lane has: the number of its threads, and whether it was closed. */
  private static final class Own implements AutoCloseable {
    private final int threads;
    private boolean closed;

    Own(Workers workers) {
      threads = workers.threads();
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private final Lanes<Own> lanes = new Lanes<>();
  private final List<Own> opened = Collections.synchronizedList(new ArrayList<>());

  private void run(int threads, int expectedJobs, Queue<Lanes.Job<Own>> jobs) {
    try (Workers workers = new Workers(threads)) {
      lanes.run(
          workers,
          expectedJobs,
          team -> {
            opened.add(new Own(team));
            return opened.getLast();
          },
          jobs::poll);
    } finally {
      assertThat(opened).allMatch(own -> own.closed);
    }
  }

  @Test
  void anInterruptedThreadDoesNoJob() {
    AtomicInteger done = new AtomicInteger();
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> run(1, 1, new ArrayDeque<>(List.of(own -> done.incrementAndGet()))))
          .isInstanceOf(CancellationException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(done).hasValue(0);
  }

  @Test
  void jobsRunAtTheSameTime() {
    CountDownLatch both = new CountDownLatch(2);
    Lanes.Job<Own> meet =
        own -> {
          both.countDown();
          await(both);
        };
    run(2, 2, new ArrayDeque<>(List.of(meet, meet)));

    assertThat(both.getCount()).isZero();
  }

  @Test
  void threadsAreSharedOutAmongTheJobsThatThereAre() {
    run(5, 2, new ArrayDeque<>());
    assertThat(opened).extracting(own -> own.threads).containsExactlyInAnyOrder(3, 2);
    opened.clear();
    run(3, 1, new ArrayDeque<>());
    assertThat(opened).extracting(own -> own.threads).containsExactly(3);
    opened.clear();
    run(2, 100, new ArrayDeque<>());
    assertThat(opened).extracting(own -> own.threads).containsExactly(1, 1);
  }

  @Test
  void aLaneWaitsForJobsThatAnotherJobMakesPossible() {
    AtomicInteger done = new AtomicInteger();
    AtomicInteger handedOut = new AtomicInteger();
    try (Workers workers = new Workers(3)) {
      lanes.run(
          workers,
          3,
          Own::new,
          () -> {
            // Job i becomes possible when i jobs have ended.
            int next = handedOut.get();
            if (next == 20 || done.get() < next) {
              return null;
            }
            handedOut.incrementAndGet();
            return own -> done.incrementAndGet();
          });
    }
    assertThat(done).hasValue(20);
  }

  @Test
  void whatAJobThrowsStopsTheOthersAndIsThrownOn() {
    CramListener shared = lanes.shared(CramListener.SILENT);
    CountDownLatch otherIsRunning = new CountDownLatch(1);
    AtomicInteger begun = new AtomicInteger();
    Lanes.Job<Own> failing =
        own -> {
          await(otherIsRunning);
          throw new IllegalStateException("boom");
        };
    Lanes.Job<Own> endless =
        own -> {
          otherIsRunning.countDown();
          while (true) {
            shared.decoded(1, 2);
            Thread.onSpinWait();
          }
        };
    Lanes.Job<Own> later = own -> begun.incrementAndGet();

    assertThatThrownBy(() -> run(2, 2, new ArrayDeque<>(List.of(failing, endless, later))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("boom");
    assertThat(begun).hasValue(0);
  }

  @Test
  void stoppedLanesEndWithoutAnError() {
    CramListener shared = lanes.shared(CramListener.SILENT);
    CountDownLatch otherIsRunning = new CountDownLatch(1);
    Lanes.Job<Own> endless =
        own -> {
          otherIsRunning.countDown();
          while (true) {
            shared.decoded(1, 2);
            Thread.onSpinWait();
          }
        };
    Lanes.Job<Own> stopping =
        own -> {
          await(otherIsRunning);
          lanes.stop();
        };
    run(2, 2, new ArrayDeque<>(List.of(endless, stopping)));

    assertThatThrownBy(() -> shared.decoded(1, 2)).isInstanceOf(CancellationException.class);
  }

  @Test
  void aListenerHearsOneCallAtATime() {
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CramListener shared =
        lanes.shared(
            new CramListener() {
              @Override
              public void decoded(int tokens, int allTokens) {
                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                Thread.yield();
                inside.decrementAndGet();
              }
            });
    Lanes.Job<Own> talking =
        own -> {
          for (int i = 0; i < 1000; i++) {
            shared.decoded(i, 1000);
          }
        };
    run(2, 2, new ArrayDeque<>(List.of(talking, talking)));

    assertThat(most).hasValue(1);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
