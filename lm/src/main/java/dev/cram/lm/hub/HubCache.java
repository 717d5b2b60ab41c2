package dev.cram.lm.hub;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The folder in which {@code cram pull} and Python's {@code huggingface_hub} keep what they have
 * downloaded:
 *
 * <pre>
 * models--OWNER--NAME/
 *   blobs/HASH                        the files, by the hash of their content
 *   refs/main                         the commit that a revision stood for when it was downloaded
 *   snapshots/COMMIT/config.json      a link to ../../blobs/HASH
 * </pre>
 */
public final class HubCache {
  private static final String PREFIX = "models--";

  private final Path folder;

  public HubCache(HubSettings settings) {
    this.folder = settings.cache();
  }

  /** One revision of a repository, or a part of its files. */
  public record Snapshot(ModelReference reference, Path folder) {}

  /** Where the cache is. */
  public Path folder() {
    return folder;
  }

  /** What has been downloaded of the referenced revision; its file need not be there. */
  public Optional<Path> snapshot(ModelReference reference) {
    RepositoryFolder repository = repository(reference);
    return Stream.of(repository.commit(reference.revision()), Optional.of(reference.revision()))
        .flatMap(Optional::stream)
        .filter(RepositoryFolder::isCommit)
        .map(repository::snapshot)
        .filter(Files::isDirectory)
        .findFirst();
  }

  /**
   * All downloaded snapshots of all models, by name. A snapshot that a revision stands for has that
   * revision's name, {@code main} before others, and one that none stands for its commit's.
   *
   * @throws InputException if the folder is there, but cannot be read
   */
  public List<Snapshot> snapshots() {
    List<Snapshot> snapshots = new ArrayList<>();
    for (Path repository : entries(folder)) {
      String name = repository.getFileName().toString();
      if (name.startsWith(PREFIX)) {
        ModelReference.parse(name.substring(PREFIX.length()).replaceFirst("--", "/"))
            .ifPresent(reference -> snapshots.addAll(snapshotsOf(reference)));
      }
    }
    return snapshots;
  }

  private List<Snapshot> snapshotsOf(ModelReference reference) {
    RepositoryFolder repository = repository(reference);
    TreeMap<String, String> revisions = new TreeMap<>();
    for (String revision : repository.revisions()) {
      repository
          .commit(revision)
          .ifPresent(commit ->
              revisions.merge(commit, revision, (a, b) -> b.equals(ModelReference.MAIN) ? b : a));
    }
    List<Snapshot> snapshots = new ArrayList<>();
    for (Path snapshot : entries(repository.snapshots())) {
      String commit = snapshot.getFileName().toString();
      if (RepositoryFolder.isCommit(commit)) {
        String revision = revisions.getOrDefault(commit, commit);
        snapshots.add(
            new Snapshot(
                new ModelReference(reference.repository(), revision, Optional.empty()), snapshot));
      }
    }
    return snapshots;
  }

  RepositoryFolder repository(ModelReference reference) {
    return new RepositoryFolder(folder, PREFIX + reference.repository().replace("/", "--"));
  }

  private static List<Path> entries(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(Files::isDirectory).sorted().toList();
    } catch (IOException e) {
      throw new InputException(
          folder + ": cannot be read (" + e.getMessage() + "); change its permissions", e);
    }
  }
}
