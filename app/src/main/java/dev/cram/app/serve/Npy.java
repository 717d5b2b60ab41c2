package dev.cram.app.serve;

import dev.cram.container.CramFile;
import dev.cram.container.Segment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * NumPy's file format, version 1.0 (https://numpy.org/doc/stable/reference/generated/
 * numpy.lib.format.html).
 */
final class Npy {
  private static final int ALIGNMENT = 64;
  private static final int PREFIX_BYTES = 10;

  private Npy() {}

  /** The vectors of all segments of a file, float32 {@code [vectors, width]}. */
  static byte[] vectors(CramFile file) {
    int rows = file.segments().stream().mapToInt(Segment::vectorCount).sum();
    String dictionary =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }"
            .formatted(rows, file.model().width());
    int unpadded = PREFIX_BYTES + dictionary.length() + 1;
    int headerBytes = Math.ceilDiv(unpadded, ALIGNMENT) * ALIGNMENT - PREFIX_BYTES;
    String header = dictionary + " ".repeat(headerBytes - dictionary.length() - 1) + "\n";
    ByteBuffer npy =
        ByteBuffer.allocate(PREFIX_BYTES + headerBytes + 4 * rows * file.model().width())
            .order(ByteOrder.LITTLE_ENDIAN);
    npy.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    npy.put((byte) 1).put((byte) 0).putShort((short) headerBytes);
    npy.put(header.getBytes(StandardCharsets.US_ASCII));
    for (Segment segment : file.segments()) {
      npy.asFloatBuffer().put(segment.vectors().values());
      npy.position(npy.position() + 4 * segment.vectors().size());
    }
    return npy.array();
  }
}
