package dev.cram.lm.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/** One repository in the {@link HubCache}. */
final class RepositoryFolder {
  private final Path cache;
  private final String name;

  RepositoryFolder(Path cache, String name) {
    this.cache = cache;
    this.name = name;
  }

  static boolean isCommit(String text) {
    return text.matches("[0-9a-f]{40}");
  }

  Path snapshots() {
    return cache.resolve(name, "snapshots");
  }

  Path snapshot(String commit) {
    return snapshots().resolve(commit);
  }

  Path blob(ContentHash hash) {
    return cache.resolve(name, "blobs", hash.hex());
  }

  /**
   * The beginning of a blob, never more and never with holes: that is how {@code huggingface_hub}
   * before version 1 left and continued it.
   */
  Path incomplete(ContentHash hash) {
    return cache.resolve(name, "blobs", hash.hex() + ".incomplete");
  }

  Path lock(ContentHash hash) {
    return cache.resolve(".locks", name, hash.hex() + ".lock");
  }

  /** The commit that a revision stood for when it was last downloaded. */
  Optional<String> commit(String revision) {
    try {
      return Optional.of(Files.readString(refs().resolve(revision)).strip())
          .filter(RepositoryFolder::isCommit);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The revisions whose commit is known. */
  List<String> revisions() {
    try (Stream<Path> files = Files.walk(refs())) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> refs().relativize(file).toString().replace('\\', '/'))
          .sorted()
          .toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }

  private Path refs() {
    return cache.resolve(name, "refs");
  }

  /** Makes the folders that a download needs. */
  void create() throws IOException {
    Files.createDirectories(cache.resolve(name, "blobs"));
    Files.createDirectories(cache.resolve(".locks", name));
    Path tag = cache.resolve("CACHEDIR.TAG");
    if (!Files.exists(tag)) {
      // So that backups leave the cache out: https://bford.info/cachedir/
      Files.writeString(tag, "Signature: 8a477f597d28d172789f06886806bc55\n");
    }
  }

  /** Records what a revision stands for. */
  void writeRevision(String revision, String commit) throws IOException {
    if (revision.equals(commit) || commit(revision).filter(commit::equals).isPresent()) {
      return;
    }
    Path ref = refs().resolve(revision);
    Files.createDirectories(ref.getParent());
    Path temporary = ref.resolveSibling(ref.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      Files.writeString(temporary, commit);
      Files.move(temporary, ref, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /**
   * Makes a blob appear in a snapshot: as a link, or where links are not possible as the file
   * itself.
   *
   * @param fresh whether no other snapshot has the blob, so that it may be moved
   */
  void place(ContentHash hash, String commit, String path, boolean links, boolean fresh)
      throws IOException {
    Path blob = blob(hash);
    Path file = snapshot(commit).resolve(path);
    Files.createDirectories(file.getParent());
    Files.deleteIfExists(file);
    if (links) {
      try {
        Files.createSymbolicLink(file, file.getParent().relativize(blob));
        return;
      } catch (FileAlreadyExistsException e) {
        // Another process was faster, with the same content.
        return;
      } catch (UnsupportedOperationException | IOException e) {
        if (e instanceof NoSuchFileException) {
          throw (IOException) e;
        }
        // A file system or a user that makes no links.
      }
    }
    if (fresh) {
      Files.move(blob, file, StandardCopyOption.REPLACE_EXISTING);
    } else {
      Files.copy(blob, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
