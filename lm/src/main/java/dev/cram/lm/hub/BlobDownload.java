package dev.cram.lm.hub;

import dev.cram.lm.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/** One file's way into the cache: continued where it was interrupted, and hashed as it comes. */
final class BlobDownload {
  private static final int BUFFER_BYTES = 1 << 20;

  private final OrderedRanges ranges;
  private final RemoteFile file;
  private final Path incomplete;
  private final PullListener listener;

  BlobDownload(OrderedRanges ranges, RemoteFile file, Path incomplete, PullListener listener) {
    this.ranges = ranges;
    this.file = file;
    this.incomplete = incomplete;
    this.listener = listener;
  }

  /**
   * Downloads, checks and moves to {@code blob}.
   *
   * @throws InputException if the bytes do not come, or are not those that the hub announced, in
   *     which case they are deleted
   * @throws IOException if they cannot be written; what was written stays
   */
  void to(Path blob) throws IOException {
    boolean continued = Files.exists(incomplete);
    ContentHash arrived = download();
    if (continued && !arrived.equals(file.hash())) {
      // The beginning was from another time, and may be what is wrong.
      Files.delete(incomplete);
      listener.lost(file.size());
      arrived = download();
    }
    if (!arrived.equals(file.hash())) {
      Files.delete(incomplete);
      throw new InputException(
          file.path()
              + ": arrived damaged and was deleted: its "
              + file.hash().kind()
              + " is "
              + arrived.hex()
              + ", expected "
              + file.hash().hex()
              + "; pull again");
    }
    Files.move(incomplete, blob, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Completes the file and returns its hash. */
  private ContentHash download() throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            incomplete,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      if (channel.size() > file.size()) {
        channel.truncate(0);
      }
      MessageDigest digest = file.hash().digest(file.size());
      long present = readInto(digest, channel);
      listener.found(present);
      ranges.read(
          file,
          present,
          (bytes, count) -> {
            write(channel, bytes, count);
            digest.update(bytes, 0, count);
            listener.received(count);
          });
      // Without this a crash may leave the blob's name with other content.
      channel.force(true);
      return ContentHash.of(digest);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static long readInto(MessageDigest digest, FileChannel channel) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    long read = 0;
    for (int count; (count = channel.read(buffer)) >= 0; read += count) {
      digest.update(buffer.flip());
      buffer.clear();
    }
    return read;
  }

  private static void write(FileChannel channel, byte[] bytes, int count) {
    try {
      ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, count);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
