package dev.cram;

import dev.cram.container.Patch;
import dev.cram.container.Segment;
import dev.cram.container.Vectors;
import dev.cram.lm.InputException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * The segments of a text that are done, on disk: whatever ends the process, the next one goes on
 * from there. Vectors stay in the file, so a book's need not be in memory together.
 *
 * <p>The file is a sequence of records, each its length, its CRC-32 and its bytes. The first says
 * what is being compressed and how; a record that was cut short by the end of the process is
 * dropped, with all behind it.
 */
final class Journal implements Finished, AutoCloseable {
  private static final byte[] MAGIC = "cram-journal-1\n".getBytes(StandardCharsets.US_ASCII);
  private static final int RECORD_HEAD = 8;
  private static final byte SEGMENT = 1;
  private static final byte STRETCH = 2;

  /** A record is on the disk itself, beyond the system's memory, after so long at the latest. */
  private static final long FORCE_NANOS = 1_000_000_000L;

  private final Path path;
  private final FileChannel channel;

  /** A segment, and how many tokens it should have had. */
  private record Kept(Segment segment, int wanted) {}

  private final Map<Integer, Kept> segments = new HashMap<>();
  private final Map<Integer, Integer> stretches = new HashMap<>();
  private final long started = System.nanoTime();
  private double secondsBefore;
  private long end;
  private long endOfHeader;
  private long forced;

  /**
   * Opens the journal of an earlier process, or begins one.
   *
   * @param identity what is being compressed and how, one {@code key value} a line
   * @throws InputException if the file cannot be written, is used by another process, or belongs to
   *     something else
   */
  static Journal open(Path path, List<String> identity) {
    try {
      FileChannel channel =
          FileChannel.open(
              path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        requireLock(path, channel);
        return new Journal(path, channel, String.join("\n", identity));
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (AccessDeniedException e) {
      throw new InputException(
          path + ": may not be read and written; change its permissions or choose another output",
          e);
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  private static void requireLock(Path path, FileChannel channel) throws IOException {
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Said below.
    }
    if (lock == null) {
      throw new InputException(
          path
              + ": another process is compressing to the same output; wait for it, or choose"
              + " another output");
    }
  }

  private Journal(Path path, FileChannel channel, String identity) throws IOException {
    this.path = path;
    this.channel = channel;
    byte[] start = new byte[(int) Math.min(MAGIC.length, channel.size())];
    read(0, start);
    if (!Arrays.equals(start, Arrays.copyOf(MAGIC, start.length))) {
      throw new InputException(
          path + ": is not a journal of cram compress; move it away, or choose another output");
    }
    end = MAGIC.length;
    byte[] header = record(end);
    if (header == null) {
      byte[] own = identity.getBytes(StandardCharsets.UTF_8);
      if (channel.size() > end + RECORD_HEAD + own.length) {
        throw new InputException(
            path + ": is damaged at its beginning; delete it to begin anew, or restore it");
      }
      channel.truncate(0);
      write(0, ByteBuffer.wrap(MAGIC));
      append(own);
      channel.force(true);
      endOfHeader = end;
      return;
    }
    requireSame(identity, new String(header, StandardCharsets.UTF_8));
    end += RECORD_HEAD + header.length;
    endOfHeader = end;
    for (byte[] record; (record = record(end)) != null && take(record); ) {
      end += RECORD_HEAD + record.length;
    }
    channel.truncate(end);
  }

  private void requireSame(String wanted, String found) {
    List<String> differ = new ArrayList<>(wanted.lines().toList());
    differ.removeAll(found.lines().toList());
    if (!differ.isEmpty() || wanted.lines().count() != found.lines().count()) {
      throw new InputException(
          path
              + ": belongs to a compression that was not finished, with another "
              + (differ.isEmpty()
                  ? "format"
                  : String.join(", ", differ.stream().map(l -> l.split(" ")[0]).toList()))
              + "; give the same text and options, on a processor of the same kind, to go on with"
              + " it, or delete it to begin anew");
    }
  }

  /** The bytes of the record at that place, or null if there is no whole one. */
  private byte[] record(long at) throws IOException {
    byte[] head = new byte[RECORD_HEAD];
    if (read(at, head) < RECORD_HEAD) {
      return null;
    }
    ByteBuffer numbers = ByteBuffer.wrap(head);
    int length = numbers.getInt();
    if (length < 0 || length > channel.size() - at - RECORD_HEAD) {
      return null;
    }
    byte[] bytes = new byte[length];
    read(at + RECORD_HEAD, bytes);
    return crc(bytes) == numbers.getInt() ? bytes : null;
  }

  /** Whether the record is one that this program writes. */
  private boolean take(byte[] bytes) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      byte kind = in.readByte();
      secondsBefore = in.readDouble();
      int firstToken = in.readInt();
      int length = in.readInt();
      if (kind == STRETCH) {
        stretches.put(firstToken, length);
        return true;
      }
      int tokens = in.readInt();
      int vectors = in.readInt();
      float margin = in.readFloat();
      int steps = in.readInt();
      long crc32 = in.readLong();
      List<Patch> patches = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        patches.add(new Patch(in.readInt(), in.readInt()));
      }
      int scales = in.readInt();
      int values = in.readInt();
      if (scales < 0 || values < 0 || in.available() != 4L * scales + 4L * values) {
        return false;
      }
      long at = end + RECORD_HEAD + bytes.length - in.available();
      segments.put(
          firstToken,
          new Kept(
              new Segment(
                  tokens,
                  vectors,
                  new InJournal(at, scales, values),
                  patches,
                  margin,
                  steps,
                  crc32,
                  Segment.UNKNOWN),
              length));
      return true;
    } catch (IOException | IllegalArgumentException e) {
      return false;
    }
  }

  @Override
  public synchronized Segment get(int firstToken, int wanted) {
    Kept kept = segments.get(firstToken);
    return kept != null && (wanted == 0 || kept.wanted() == wanted) ? kept.segment() : null;
  }

  @Override
  public synchronized int stretch(int firstToken) {
    return stretches.getOrDefault(firstToken, 0);
  }

  @Override
  public synchronized void keepStretch(int firstToken, int tokens) {
    if (stretches.put(firstToken, tokens) == null) {
      save(out -> head(out, STRETCH, firstToken, tokens));
    }
  }

  @Override
  public synchronized double secondsBefore() {
    return secondsBefore;
  }

  @Override
  public synchronized Segment keep(int firstToken, int wanted, Segment segment) {
    float[] scales = segment.vectors().scales();
    float[] values = segment.vectors().values();
    save(out -> {
      head(out, SEGMENT, firstToken, wanted);
      out.writeInt(segment.tokenCount());
      out.writeInt(segment.vectorCount());
      out.writeFloat(segment.minMargin());
      out.writeInt(segment.steps());
      out.writeLong(segment.crc32());
      out.writeInt(segment.patches().size());
      for (Patch patch : segment.patches()) {
        out.writeInt(patch.position());
        out.writeInt(patch.token());
      }
      out.writeInt(scales.length);
      out.writeInt(values.length);
      for (float scale : scales) {
        out.writeFloat(scale);
      }
      for (float value : values) {
        out.writeFloat(value);
      }
    });
    long at = end - 4L * (scales.length + values.length);
    return segment.withVectors(new InJournal(at, scales.length, values.length));
  }

  @FunctionalInterface
  private interface Record {
    void writeTo(DataOutputStream out) throws IOException;
  }

  private void head(DataOutputStream out, byte kind, int firstToken, int length)
      throws IOException {
    out.writeByte(kind);
    out.writeDouble(secondsSoFar());
    out.writeInt(firstToken);
    out.writeInt(length);
  }

  private double secondsSoFar() {
    return secondsBefore + (System.nanoTime() - started) / 1e9;
  }

  private void save(Record record) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      record.writeTo(new DataOutputStream(bytes));
      append(bytes.toByteArray());
      if (System.nanoTime() - forced > FORCE_NANOS) {
        channel.force(false);
        forced = System.nanoTime();
      }
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  private void append(byte[] bytes) throws IOException {
    ByteBuffer record = ByteBuffer.allocate(RECORD_HEAD + bytes.length);
    record.putInt(bytes.length).putInt(crc(bytes)).put(bytes).flip();
    int length = record.remaining();
    write(end, record);
    end += length;
  }

  private void write(long at, ByteBuffer bytes) throws IOException {
    long to = at;
    while (bytes.hasRemaining()) {
      to += channel.write(bytes, to);
    }
  }

  /** Reads up to {@code bytes.length} bytes; gives back how many there were. */
  private int read(long at, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining() && channel.read(buffer, at + buffer.position()) >= 0) {
      // Until all is there, or the end of the file.
    }
    return buffer.position();
  }

  private static int crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private static InputException failed(Path path, IOException e) {
    return new InputException(
        path
            + ": cannot be written ("
            + e.getMessage()
            + "); once there is room, the same command goes on where it stopped",
        e);
  }

  /** Removes the file, when the output is in place. */
  void delete() {
    close();
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new InputException(path + ": is not needed any more, but cannot be deleted", e);
    }
  }

  /** Leaves the file to the next process, unless there is nothing in it. */
  @Override
  public void close() {
    try {
      if (channel.isOpen()) {
        channel.force(false);
        if (end == endOfHeader) {
          Files.deleteIfExists(path);
        }
        channel.close();
      }
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  /** Vectors in this file. */
  private final class InJournal implements Vectors {
    private final long at;
    private final int scales;
    private final int values;

    InJournal(long at, int scales, int values) {
      this.at = at;
      this.scales = scales;
      this.values = values;
    }

    @Override
    public int size() {
      return values;
    }

    @Override
    public float[] values() {
      return floats(at + 4L * scales, values);
    }

    @Override
    public float[] scales() {
      return floats(at, scales);
    }

    private float[] floats(long from, int count) {
      byte[] bytes = new byte[4 * count];
      try {
        if (read(from, bytes) < bytes.length) {
          throw new IOException("it has become shorter");
        }
      } catch (IOException e) {
        throw new InputException(path + ": cannot be read: " + e.getMessage(), e);
      }
      float[] floats = new float[count];
      ByteBuffer.wrap(bytes).asFloatBuffer().get(floats);
      return floats;
    }
  }
}
