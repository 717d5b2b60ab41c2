package dev.cram.lm.hub;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
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
  private static final int MAX_DEPTH = 4;

  private final Path folder;

  /** A cache in another place. */
  public HubCache(Path folder) {
    this.folder = folder;
  }

  /**
   * The cache of this process.
   *
   * @throws InputException if an environment variable names no folder
   */
  public static HubCache ofEnvironment() {
    return new HubCache(HubSettings.cacheOfEnvironment());
  }

  /** Where the cache is. */
  public Path folder() {
    return folder;
  }

  /**
   * The referenced model, if any of it has been downloaded.
   *
   * @throws InputException if its weights have not, or if several GGUF files have and the reference
   *     names none
   */
  public Optional<CachedModel> find(ModelReference reference) {
    RepositoryFolder repository = repository(reference);
    return Stream.of(repository.commit(reference.revision()), Optional.of(reference.revision()))
        .flatMap(Optional::stream)
        .filter(RepositoryFolder::isCommit)
        .map(repository::snapshot)
        .filter(Files::isDirectory)
        .findFirst()
        .map(snapshot -> model(reference, snapshot));
  }

  private static CachedModel model(ModelReference reference, Path snapshot) {
    Set<String> files = files(snapshot);
    boolean gguf = NeededFiles.isGguf(reference, files);
    if (gguf
        ? GgufChoice.fitting(reference, files).isEmpty()
        : !NeededFiles.hasSafetensors(files)) {
      throw new InputException(
          reference + ": only a part of it is in " + snapshot + "; run: cram pull " + reference);
    }
    if (!gguf) {
      return new CachedModel(reference, snapshot);
    }
    String file = GgufChoice.of(reference, files);
    return new CachedModel(reference.withFile(file), snapshot.resolve(file));
  }

  /**
   * All downloaded models, by name; the weights may be missing. A snapshot that a revision stands
   * for has that revision's name, {@code main} before others, and one that none stands for its
   * commit's. Each GGUF file is a model of its own.
   *
   * @throws InputException if the folder is there, but cannot be read
   */
  public List<CachedModel> models() {
    List<CachedModel> models = new ArrayList<>();
    for (Path repository : folders(folder)) {
      String name = repository.getFileName().toString();
      if (name.startsWith(PREFIX)) {
        ModelReference.parse(name.substring(PREFIX.length()).replaceFirst("--", "/"))
            .ifPresent(reference -> addModels(reference.repository(), models));
      }
    }
    return models;
  }

  private void addModels(String name, List<CachedModel> models) {
    RepositoryFolder repository = repository(new ModelReference(name, "", Optional.empty()));
    Map<String, String> revisions = new TreeMap<>();
    for (String revision : repository.revisions()) {
      repository
          .commit(revision)
          .ifPresent(commit ->
              revisions.merge(commit, revision, (a, b) -> b.equals(ModelReference.MAIN) ? b : a));
    }
    for (Path snapshot : folders(repository.snapshots())) {
      String commit = snapshot.getFileName().toString();
      if (RepositoryFolder.isCommit(commit)) {
        ModelReference reference =
            new ModelReference(name, revisions.getOrDefault(commit, commit), Optional.empty());
        Set<String> files = files(snapshot);
        List<String> gguf = GgufChoice.all(files);
        if (gguf.isEmpty() || NeededFiles.hasSafetensors(files)) {
          models.add(new CachedModel(reference, snapshot));
        }
        for (String file : gguf) {
          models.add(new CachedModel(reference.withFile(file), snapshot.resolve(file)));
        }
      }
    }
  }

  RepositoryFolder repository(ModelReference reference) {
    return new RepositoryFolder(folder, PREFIX + reference.repository().replace("/", "--"));
  }

  /** The names of all files of a snapshot, with a slash between folders. */
  private static Set<String> files(Path snapshot) {
    // A link whose blob was deleted is no file.
    try (Stream<Path> files = Files.walk(snapshot, MAX_DEPTH)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> snapshot.relativize(file).toString().replace('\\', '/'))
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(snapshot, e);
    }
  }

  private static List<Path> folders(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(Files::isDirectory).sorted().toList();
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
  }

  private static InputException unreadable(Path folder, Exception e) {
    return new InputException(
        folder + ": cannot be read (" + e.getMessage() + "); change its permissions", e);
  }
}
