package dev.cram.app.serve;

import io.javalin.http.Context;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** Reads what a visitor sends, up to a limit of bytes and of time. */
final class Upload {
  private static final int CONTENT_TOO_LARGE = 413;
  private static final int REQUEST_TIMEOUT = 408;

  private Upload() {}

  /**
   * The body of a request.
   *
   * @param what it is called in errors
   * @throws Refusal if it is larger than {@code maxBytes}, or takes longer than {@code seconds},
   *     however steadily it drips
   */
  static byte[] read(Context request, String what, int maxBytes, int seconds) throws IOException {
    if (request.req().getContentLengthLong() > maxBytes) {
      throw tooLarge(what, maxBytes);
    }
    long deadline = System.nanoTime() + seconds * 1_000_000_000L;
    var bytes = new ByteArrayOutputStream();
    byte[] buffer = new byte[1 << 14];
    InputStream in = request.req().getInputStream();
    for (int count; (count = next(in, buffer)) >= 0; ) {
      bytes.write(buffer, 0, count);
      if (bytes.size() > maxBytes) {
        throw tooLarge(what, maxBytes);
      }
      if (System.nanoTime() > deadline) {
        throw new Refusal(
            REQUEST_TIMEOUT, "the upload took longer than " + seconds + " s and was given up");
      }
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

  private static Refusal tooLarge(String what, int maxBytes) {
    return new Refusal(
        CONTENT_TOO_LARGE, what + " may have at most " + maxBytes + " bytes; use the command line");
  }
}
