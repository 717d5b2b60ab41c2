package dev.cram.lm.hub;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Downloads a model from the Hugging Face hub into the cache that Python uses too. */
public final class HubPull implements AutoCloseable {
  /** Bytes of a configuration, a tokenizer or an index; the largest tokenizers have 40 million. */
  private static final long MOST_DESCRIPTION = 256 << 20;

  private final HubSettings settings;
  private final ModelReference reference;
  private final PullListener listener;
  private final RepositoryFolder repository;
  private final Hub hub;
  private final OrderedRanges ranges;

  /** A step of the download of one file. */
  @FunctionalInterface
  private interface Task<T> {
    T call() throws IOException;
  }

  HubPull(
      ModelReference reference,
      HubSettings settings,
      PullListener listener,
      Patience patience,
      int rangeBytes) {
    this.settings = settings;
    this.reference = reference;
    this.listener = listener;
    this.repository = new HubCache(settings.cache()).repository(reference);
    this.hub = new Hub(settings, reference, new HubHttp(settings, patience, listener));
    this.ranges = new OrderedRanges(hub, rangeBytes);
  }

  /**
   * Downloads what is missing of a model: its configuration, its tokenizer and its weights as
   * safetensors, or one GGUF file.
   *
   * @throws InputException if the model may not be had or is none, the hub cannot be reached or
   *     sends damaged files, or the cache cannot be written
   */
  public static CachedModel pull(
      ModelReference reference, HubSettings settings, PullListener listener) {
    try (HubPull pull =
        new HubPull(reference, settings, listener, Patience.USUAL, OrderedRanges.RANGE_BYTES)) {
      return pull.run();
    }
  }

  CachedModel run() {
    if (settings.offline()) {
      throw new InputException(
          reference + ": nothing is downloaded while HF_HUB_OFFLINE is set; unset it to pull");
    }
    Hub.Listing listing = hub.list();
    NeededFiles needed = NeededFiles.of(reference, listing.files());
    String commit = listing.commit();
    Path snapshot = repository.snapshot(commit);
    try {
      repository.create();
      fetchTogether(commit, needed.description());
      if (!needed.description().isEmpty()) {
        listener.described(snapshot);
      }
      List<String> weights = needed.weights(snapshot, listing.files());
      fetchInTurn(commit, weights);
      repository.writeRevision(reference.revision(), commit);
      boolean gguf = needed.description().isEmpty();
      return gguf
          ? new CachedModel(
              reference.withFile(weights.getFirst()), snapshot.resolve(weights.getFirst()))
          : new CachedModel(reference, snapshot);
    } catch (IOException e) {
      throw new InputException(
          settings.cache()
              + ": cannot be written ("
              + reason(e)
              + "); free some space, or set HF_HUB_CACHE to another folder",
          e);
    }
  }

  private void fetchTogether(String commit, List<String> paths) throws IOException {
    List<RemoteFile> files = describe(commit, paths);
    for (RemoteFile file : files) {
      if (file.size() > MOST_DESCRIPTION) {
        throw new InputException(
            "%s: %s has %d bytes, expected at most %d"
                .formatted(reference, file.path(), file.size(), MOST_DESCRIPTION));
      }
    }
    requireSpace(commit, files);
    together(
        files.stream()
            .<Task<Void>>map(file ->
                () -> {
                  fetch(commit, file);
                  return null;
                })
            .toList());
  }

  /** Each of them takes several connections. */
  private void fetchInTurn(String commit, List<String> paths) throws IOException {
    List<RemoteFile> files = describe(commit, paths);
    requireSpace(commit, files);
    for (RemoteFile file : files) {
      fetch(commit, file);
    }
  }

  private List<RemoteFile> describe(String commit, List<String> paths) throws IOException {
    List<RemoteFile> files =
        together(paths.stream().<Task<RemoteFile>>map(p -> () -> hub.describe(commit, p)).toList());
    listener.planned(files.size(), files.stream().mapToLong(RemoteFile::size).sum());
    return files;
  }

  private void requireSpace(String commit, List<RemoteFile> files) throws IOException {
    long missing = 0;
    for (RemoteFile file : files) {
      if (!isThere(commit, file) && !isComplete(repository.blob(file.hash()), file)) {
        Path incomplete = repository.incomplete(file.hash());
        missing += file.size() - (Files.exists(incomplete) ? Files.size(incomplete) : 0);
      }
    }
    long free = Files.getFileStore(settings.cache()).getUsableSpace();
    // Some network file systems say that nothing is free; there it shows when writing.
    if (free > 0 && missing > free) {
      throw new InputException(
          settings.cache()
              + ": "
              + reference
              + " needs "
              + missing
              + " bytes more, but only "
              + free
              + " are free; make room, or set HF_HUB_CACHE to another folder");
    }
  }

  private void fetch(String commit, RemoteFile file) throws IOException {
    if (isThere(commit, file)) {
      listener.found(file.size());
      return;
    }
    Path blob = repository.blob(file.hash());
    try (BlobLock _ =
        BlobLock.take(
            repository.lock(file.hash()),
            () -> listener.waiting("another process downloads " + file.path()))) {
      if (isThere(commit, file)) {
        listener.found(file.size());
        return;
      }
      boolean fresh = !isComplete(blob, file);
      if (fresh) {
        new BlobDownload(ranges, file, repository.incomplete(file.hash()), listener).to(blob);
      } else {
        listener.found(file.size());
      }
      repository.place(file.hash(), commit, file.path(), settings.symbolicLinks(), fresh);
    }
  }

  private boolean isThere(String commit, RemoteFile file) throws IOException {
    return isComplete(repository.snapshot(commit).resolve(file.path()), file);
  }

  // The content was checked when it came, by us or by Python.
  private static boolean isComplete(Path path, RemoteFile file) throws IOException {
    return Files.isRegularFile(path) && Files.size(path) == file.size();
  }

  /** The results of tasks that run at the same time; the first that fails ends the others. */
  private static <T> List<T> together(List<Task<T>> tasks) throws IOException {
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    try {
      ExecutorCompletionService<T> running = new ExecutorCompletionService<>(executor);
      List<Future<T>> futures = new ArrayList<>();
      for (Task<T> task : tasks) {
        futures.add(running.submit(task::call));
      }
      for (int done = 0; done < tasks.size(); done++) {
        running.take().get();
      }
      return futures.stream().map(Future::resultNow).toList();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException failure -> throw failure;
        case RuntimeException failure -> throw failure;
        default -> throw new IllegalStateException(e.getCause());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted");
    } finally {
      executor.shutdownNow();
      executor.close();
    }
  }

  private static String reason(IOException e) {
    return Optional.ofNullable(e instanceof FileSystemException f ? f.getReason() : e.getMessage())
        .orElse(e.getClass().getSimpleName());
  }

  @Override
  public void close() {
    hub.close();
  }
}
