package dev.cram.text;

import dev.cram.lm.InputException;
import dev.cram.lm.files.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;

/** The bytes to compress: in memory, or in a file that is read piece by piece. */
public final class Original implements AutoCloseable {
  private static final int HASHED_AT_ONCE = 1 << 20;

  private final String name;
  private final byte[] bytes;
  private final FileChannel channel;
  private final long size;

  private Original(String name, byte[] bytes, FileChannel channel, long size) {
    this.name = name;
    this.bytes = bytes;
    this.channel = channel;
    this.size = size;
  }

  /** Bytes in memory. */
  public static Original of(byte[] bytes) {
    return new Original("the text", bytes, null, bytes.length);
  }

  /**
   * A file, which must stay as it is while it is compressed. What is not a regular file, such as a
   * pipe, is read into memory at once.
   *
   * @throws InputException if it cannot be read
   */
  public static Original open(Path path) {
    try {
      if (Files.isDirectory(path)) {
        throw new InputException(path + " is a folder; name a file");
      }
      if (Files.exists(path) && !Files.isRegularFile(path)) {
        return of(Files.readAllBytes(path));
      }
      FileChannel channel = FileChannel.open(path);
      if (channel.size() == 0) {
        // Files of a kernel, such as /proc/cpuinfo, say that they are empty and are not.
        channel.close();
        return of(Files.readAllBytes(path));
      }
      return new Original(path.toString(), null, channel, channel.size());
    } catch (NoSuchFileException e) {
      throw new InputException(path + " does not exist; name a file, or - for a pipe", e);
    } catch (AccessDeniedException e) {
      throw new InputException(
          "cannot read " + path + ": permission denied; change its permissions", e);
    } catch (IOException e) {
      throw unreadable(path.toString(), e);
    }
  }

  /** How many bytes there are. */
  public long size() {
    return size;
  }

  /**
   * Reads some of the bytes.
   *
   * @throws InputException if the file cannot be read or has become shorter
   */
  byte[] read(long at, int count) {
    if (bytes != null) {
      return Arrays.copyOfRange(bytes, (int) at, (int) at + count);
    }
    ByteBuffer buffer = ByteBuffer.allocate(count);
    try {
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, at + buffer.position()) < 0) {
          throw changed();
        }
      }
    } catch (IOException e) {
      throw unreadable(name, e);
    }
    return buffer.array();
  }

  /** The SHA-256 of all bytes, as 64 lower-case hexadecimal digits. */
  public String sha256() {
    MessageDigest sha256 = Sha256.digest();
    for (long at = 0; at < size; at += HASHED_AT_ONCE) {
      sha256.update(read(at, (int) Math.min(HASHED_AT_ONCE, size - at)));
    }
    return Sha256.hex(sha256);
  }

  InputException changed() {
    return new InputException(
        name + ": was changed while it was being compressed; compress it again");
  }

  private static InputException unreadable(String name, IOException e) {
    return new InputException("cannot read " + name + ": " + e.getMessage(), e);
  }

  @Override
  public void close() {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        // It was only read.
      }
    }
  }
}
