package dev.cram.app.serve;

import dev.cram.lm.CausalLm;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Models that are open: shared by all that use them, and a few kept for the next. */
final class OpenModels implements AutoCloseable {
  /** How many stay open unused. */
  private static final int KEPT = 2;

  private record Key(String model, Precision precision) {}

  private final ModelMenu menu;
  private final int threads;
  private final Map<Key, Shared> open = new HashMap<>();

  OpenModels(ModelMenu menu, int threads) {
    this.menu = menu;
    this.threads = threads;
  }

  /** The use of a model, until it is closed. */
  final class Lease implements AutoCloseable {
    private final Shared shared;
    private boolean closed;

    private Lease(Shared shared) {
      this.shared = shared;
    }

    CausalLm lm() {
      return shared.lm;
    }

    @Override
    public void close() {
      synchronized (OpenModels.this) {
        if (!closed) {
          closed = true;
          shared.users--;
          shared.lastUsed = System.nanoTime();
          trim(KEPT);
        }
      }
    }
  }

  private static final class Shared {
    private final Key key;
    private CausalLm lm;
    private int users;
    private long lastUsed;

    Shared(Key key) {
      this.key = key;
    }

    /** Opened by the first that comes; others wait for it. */
    synchronized void open(String model, int threads) {
      if (lm == null) {
        try (Workers workers = new Workers(threads)) {
          lm = CausalLm.open(model, key.precision(), workers);
        }
      }
    }
  }

  /**
   * Takes a model into use; opens it if it is not.
   *
   * @throws Refusal if it is not on the menu
   * @throws dev.cram.lm.InputException if it cannot be opened
   */
  Lease use(String name, Precision precision) {
    String opens = menu.opens(name);
    Shared shared;
    synchronized (this) {
      shared = open.computeIfAbsent(new Key(name, precision), Shared::new);
      shared.users++;
    }
    Lease lease = new Lease(shared);
    try {
      shared.open(opens, threads);
      return lease;
    } catch (RuntimeException | Error e) {
      lease.close();
      throw e;
    }
  }

  /** Closes the models that were not used for longest. */
  private synchronized void trim(int kept) {
    List<Shared> idle = new ArrayList<>(open.values().stream().filter(s -> s.users == 0).toList());
    idle.sort(Comparator.comparingLong(s -> s.lastUsed));
    for (Shared shared : idle.subList(0, Math.max(0, idle.size() - kept))) {
      open.remove(shared.key);
      if (shared.lm != null) {
        shared.lm.close();
      }
    }
  }

  /** Closes what is not in use. */
  @Override
  public void close() {
    trim(0);
  }
}
