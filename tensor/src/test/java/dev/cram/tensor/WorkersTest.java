package dev.cram.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class WorkersTest {
  @ParameterizedTest
  @CsvSource({"1, 100_000", "2, 100_000", "3, 100_000", "4, 100_000"})
  void runsEveryPartOnceAndReturnsAfterAllOfThem(int threads, String runs) {
    int tasks = Integer.parseInt(runs.replace("_", ""));
    // Plain arrays: what a part wrote must be visible to the caller and to the next task's parts.
    int[] times = new int[51];
    int[] expected = new int[51];
    boolean[] busy = new boolean[threads];
    AtomicInteger collisions = new AtomicInteger();
    try (Workers workers = new Workers(threads)) {
      Workers.Task task =
          (part, worker) -> {
            if (busy[worker]) {
              collisions.incrementAndGet();
            }
            busy[worker] = true;
            times[part]++;
            busy[worker] = false;
          };
      for (int i = 0; i < tasks; i++) {
        int parts = i % 51;
        workers.run(task, parts);
        for (int part = 0; part < parts; part++) {
          expected[part]++;
        }
        if (!java.util.Arrays.equals(times, expected)) {
          assertThat(times).as("after task %d of %d parts", i, parts).isEqualTo(expected);
        }
      }
    }
    assertThat(collisions).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void passesOnTheExceptionOfAPartAndStillWorksAfterwards(int threads) {
    try (Workers workers = new Workers(threads)) {
      for (int i = 0; i < 200; i++) {
        int failing = i % 20;
        assertThatThrownBy(() ->
                workers.run(
                    (part, worker) -> {
                      if (part == failing) {
                        throw new IllegalArgumentException("part " + part);
                      }
                    },
                    20))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("part " + failing);
        AtomicIntegerArray times = new AtomicIntegerArray(20);
        workers.run((part, worker) -> times.incrementAndGet(part), 20);
        for (int part = 0; part < 20; part++) {
          assertThat(times.get(part)).isEqualTo(1);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void passesOnOneErrorWhenEveryPartFails(int threads) {
    try (Workers workers = new Workers(threads)) {
      for (int i = 0; i < 50; i++) {
        assertThatThrownBy(() ->
                workers.run(
                    (part, worker) -> {
                      throw new AssertionError("part " + part);
                    },
                    30))
            .isInstanceOf(AssertionError.class);
      }
      workers.run((part, worker) -> {}, 30);
    }
  }

  @Test
  void parkedWorkersWakeUpForTheNextTask() throws InterruptedException {
    try (Workers workers = new Workers(2)) {
      for (int i = 0; i < 40; i++) {
        if (i % 2 == 0) {
          awaitState(helperOf(workers), Thread.State.WAITING);
        } else {
          // Around the time when a worker goes to sleep.
          Thread.sleep(0, 100_000 * (i % 10));
        }
        // Each part waits for the other one, so both threads must be at work.
        CountDownLatch both = new CountDownLatch(2);
        workers.run(
            (part, worker) -> {
              both.countDown();
              awaitUninterrupted(both);
            },
            2);
      }
    }
  }

  @Test
  void twoTeamsWorkAtTheSameTime() throws InterruptedException {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread[] callers = new Thread[2];
    for (int i = 0; i < callers.length; i++) {
      callers[i] =
          Thread.ofPlatform()
              .uncaughtExceptionHandler((thread, e) -> failure.set(e))
              .start(() -> runsEveryPartOnceAndReturnsAfterAllOfThem(2, "20_000"));
    }
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(failure.get()).isNull();
  }

  @Test
  void closeEndsTheThreadsWhetherTheySpinOrPark() throws InterruptedException {
    for (boolean parked : new boolean[] {true, false}) {
      Set<Thread> before = helpers();
      Workers workers = new Workers(4);
      workers.run((part, worker) -> {}, 100);
      Set<Thread> started = helpers();
      started.removeAll(before);
      assertThat(started).hasSize(3);
      if (parked) {
        for (Thread helper : started) {
          awaitState(helper, Thread.State.WAITING);
        }
      }

      workers.close();

      for (Thread helper : started) {
        assertThat(helper.join(Duration.ofSeconds(20))).isTrue();
      }
    }
  }

  @Test
  void rejectsATeamOfNobody() {
    assertThatThrownBy(() -> new Workers(0)).isInstanceOf(IllegalArgumentException.class);
  }

  private static Set<Thread> helpers() {
    Set<Thread> helpers = new HashSet<>();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("cram-worker-")) {
        helpers.add(thread);
      }
    }
    return helpers;
  }

  /** The second thread of a team of two. */
  private static Thread helperOf(Workers workers) {
    AtomicReference<Thread> helper = new AtomicReference<>();
    CountDownLatch both = new CountDownLatch(2);
    workers.run(
        (part, worker) -> {
          if (worker == 1) {
            helper.set(Thread.currentThread());
          }
          both.countDown();
          awaitUninterrupted(both);
        },
        2);
    return helper.get();
  }

  private static void awaitState(Thread thread, Thread.State state) throws InterruptedException {
    while (thread.getState() != state) {
      Thread.sleep(1);
    }
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    while (latch.getCount() > 0) {
      Thread.onSpinWait();
    }
  }
}
