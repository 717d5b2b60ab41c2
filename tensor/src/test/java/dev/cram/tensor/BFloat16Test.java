package dev.cram.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BFloat16Test {
  @Test
  void allValuesSurviveTheRoundTrip() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = BFloat16.toFloat((short) bits);
      if (Float.isNaN(value)) {
        assertThat(BFloat16.round(value)).as("%04x", bits).isNaN();
      } else if (BFloat16.fromFloat(value) != (short) bits) {
        assertThat(BFloat16.fromFloat(value)).as("%04x", bits).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void everyNanStaysANan() {
    // The payload's upper bits are zero or all ones: rounding as a number would leave NaN.
    for (int bits : new int[] {0x7F800001, 0x7FFFFFFF, 0xFF800001, 0xFFFFFFFF, 0x7FC00000}) {
      assertThat(BFloat16.round(Float.intBitsToFloat(bits))).isNaN();
    }
  }

  @Test
  void roundsToTheNearestAndTiesToEven() {
    Random random = new Random(1);
    for (int i = 0; i < 2_000_000; i++) {
      int bits = random.nextInt();
      if (i % 4 == 0) {
        bits = bits & 0xFFFF0000 | 0x8000;
      } else if (i % 4 == 1) {
        bits = bits & 0xFFFF0000 | 0x7FFF + random.nextInt(3);
      }
      float value = Float.intBitsToFloat(bits);
      if (!Float.isFinite(value)) {
        continue;
      }
      short expected = nearest(value);
      if (BFloat16.fromFloat(value) != expected) {
        assertThat(BFloat16.fromFloat(value)).as("%08x", bits).isEqualTo(expected);
      }
    }
    assertThat(BFloat16.round(Float.MAX_VALUE)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(BFloat16.round(1f + 1 / 256f)).isEqualTo(1f);
    assertThat(BFloat16.round(1f + 3 / 256f)).isEqualTo(1f + 4 / 256f);
  }

  @Test
  void vectorsRoundAsScalarsDoAndStayWithinTheirBounds() {
    Random random = new Random(2);
    try (Arena arena = Arena.ofConfined()) {
      for (int count = 0; count <= 140; count++) {
        int before = 1 + count % 3;
        MemorySegment source = arena.allocate(4L * (before + count), 4);
        MemorySegment shorts = arena.allocate(2L * (before + count + 1), 2).fill((byte) 0x5A);
        MemorySegment floats = arena.allocate(4L * (before + count + 1), 4).fill((byte) 0x5A);
        for (int i = 0; i < before + count; i++) {
          source.setAtIndex(ValueLayout.JAVA_FLOAT, i, finite(random));
        }

        BFloat16.convert(source, 4L * before, shorts, 2L * before, count);
        BFloat16.round(source, 4L * before, floats, 4L * before, count);

        for (int i = 0; i < before + count + 1; i++) {
          short half = shorts.getAtIndex(ValueLayout.JAVA_SHORT, i);
          int whole = floats.getAtIndex(ValueLayout.JAVA_INT, i);
          if (i < before || i == before + count) {
            assertThat(half).isEqualTo((short) 0x5A5A);
            assertThat(whole).isEqualTo(0x5A5A5A5A);
          } else {
            short expected = BFloat16.fromFloat(source.getAtIndex(ValueLayout.JAVA_FLOAT, i));
            assertThat(half).isEqualTo(expected);
            assertThat(whole).isEqualTo(expected << 16);
          }
        }

        floats.fill((byte) 0x5A);
        BFloat16.widen(shorts, 2L * before, floats, 4L * before, count);

        for (int i = 0; i < before + count + 1; i++) {
          boolean outside = i < before || i == before + count;
          assertThat(floats.getAtIndex(ValueLayout.JAVA_INT, i))
              .isEqualTo(outside ? 0x5A5A5A5A : shorts.getAtIndex(ValueLayout.JAVA_SHORT, i) << 16);
        }
      }
    }
  }

  private static float finite(Random random) {
    while (true) {
      float value = Float.intBitsToFloat(random.nextInt());
      if (Float.isFinite(value)) {
        return value;
      }
    }
  }

  /** By distance to both neighbours, exact in double; beyond the largest stands 2^128. */
  private static short nearest(float value) {
    int below = Float.floatToRawIntBits(value) & 0xFFFF0000;
    int above = below + 0x10000;
    double low = Math.abs((double) Float.intBitsToFloat(below));
    double high =
        (above & 0x7FFFFFFF) == 0x7F800000
            ? 0x1p128
            : Math.abs((double) Float.intBitsToFloat(above));
    double toLow = Math.abs((double) value) - low;
    double toHigh = high - Math.abs((double) value);
    boolean down = toLow < toHigh || (toLow == toHigh && (below >>> 16 & 1) == 0);
    return (short) ((down ? below : above) >>> 16);
  }
}
