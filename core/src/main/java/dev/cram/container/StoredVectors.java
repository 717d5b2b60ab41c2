package dev.cram.container;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Vectors that stay where a file keeps them until they are asked for.
 *
 * @param size vectors times width
 * @param width of a vector
 * @param bits of an element, {@link Grid#FLOAT_BITS} for floats
 * @param data floats, or packed codes row by row
 * @param scaleData bfloat16 scales; nothing for floats
 */
record StoredVectors(int size, int width, int bits, MemorySegment data, MemorySegment scaleData)
    implements Vectors {
  @Override
  public float[] values() {
    if (bits == Grid.FLOAT_BITS) {
      return data.toArray(CramWriter.F32);
    }
    byte[] packed = data.toArray(ValueLayout.JAVA_BYTE);
    float[] scales = scales();
    int rowBytes = Grid.packedBytes(width, bits);
    float[] values = new float[size];
    for (int row = 0; row < scales.length; row++) {
      Grid.unpack(packed, row * rowBytes, width, scales[row], bits, values, row * width);
    }
    return values;
  }

  @Override
  public float[] scales() {
    float[] scales = new float[(int) (scaleData.byteSize() / 2)];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = Float.intBitsToFloat(scaleData.get(CramWriter.I16, 2L * i) << 16);
    }
    return scales;
  }

  /** What is wrong with the numbers, or null. */
  String fault() {
    if (bits == Grid.FLOAT_BITS) {
      for (long at = 0; at < data.byteSize(); at += Float.BYTES) {
        float value = data.get(CramWriter.F32, at);
        if (!Float.isFinite(value)) {
          return "a vector holds " + value + ", expected finite numbers";
        }
      }
      return null;
    }
    for (float scale : scales()) {
      // The largest value of the grid must be finite too.
      if (!(scale > 0 && Float.isFinite(scale * (1 << bits)))) {
        return "a scale of " + scale + ", expected a number above 0";
      }
    }
    return null;
  }
}
