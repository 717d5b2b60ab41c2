package dev.cram.app.serve;

import io.javalin.http.Context;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Reads what visitors send, up to a limit of bytes and of time, and of a few at once. */
final class Upload {
  private static final int CONTENT_TOO_LARGE = 413;
  private static final int REQUEST_TIMEOUT = 408;

  private static final int AT_ONCE = 4;

  /**
   * How much of an upload that is refused is read all the same, in bytes: a client that is still
   * sending when the connection closes may never see why.
   */
  private static final int DISCARDED = 4 << 20;

  private final int seconds;
  private final Semaphore turns = new Semaphore(AT_ONCE, true);

  /**
   * @param seconds how long an upload may take
   */
  Upload(int seconds) {
    this.seconds = seconds;
  }

  /**
   * The body of a request.
   *
   * @param what it is called in errors
   * @throws Refusal if it is larger than {@code maxBytes}, or takes too long, however steadily it
   *     drips, or too many others are uploading
   */
  byte[] read(Context request, String what, int maxBytes) throws IOException, InterruptedException {
    if (!turns.tryAcquire(seconds, TimeUnit.SECONDS)) {
      throw new Refusal(Refusal.BUSY, "too many others are uploading; try again");
    }
    try {
      boolean saysSo = request.req().getContentLengthLong() > maxBytes;
      return read(request.req().getInputStream(), saysSo, what, maxBytes);
    } finally {
      turns.release();
    }
  }

  private byte[] read(InputStream in, boolean tooLarge, String what, int maxBytes) {
    long deadline = System.nanoTime() + seconds * 1_000_000_000L;
    long most = (long) maxBytes + DISCARDED;
    var bytes = new ByteArrayOutputStream();
    byte[] buffer = new byte[1 << 14];
    long size = 0;
    for (int count; size <= most && (count = next(in, buffer)) >= 0; ) {
      size += count;
      tooLarge |= size > maxBytes;
      if (!tooLarge) {
        bytes.write(buffer, 0, count);
      }
      if (System.nanoTime() > deadline) {
        if (tooLarge) {
          break;
        }
        throw new Refusal(
            REQUEST_TIMEOUT, "the upload took longer than " + seconds + " s and was given up");
      }
    }
    if (tooLarge) {
      throw new Refusal(
          CONTENT_TOO_LARGE,
          what + " may have at most " + maxBytes + " bytes; use the command line");
    }
    return bytes.toByteArray();
  }

  private static int next(InputStream in, byte[] buffer) {
    try {
      return in.read(buffer);
    } catch (IOException e) {
      throw new Refusal(REQUEST_TIMEOUT, "the upload stopped before its end");
    }
  }
}
