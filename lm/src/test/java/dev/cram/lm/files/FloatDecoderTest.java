package dev.cram.lm.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FloatDecoderTest {
  private static final int ALL = 1 << 16;

  @Test
  void decodesEveryFiniteFloat16LikeTheJdk() {
    assertDecodes(DType.F16, 0x7c00, Float::float16ToFloat);
  }

  @Test
  void decodesEveryFiniteBfloat16ToTheFloatWithThoseUpperBits() {
    assertDecodes(DType.BF16, 0x7f80, bits -> Float.intBitsToFloat(bits << 16));
  }

  private interface Reference {
    float decode(short bits);
  }

  private static void assertDecodes(DType dtype, int infinity, Reference reference) {
    short[] finite = new short[ALL];
    int count = 0;
    for (int bits : IntStream.range(0, ALL).filter(b -> (b & 0x7fff) < infinity).toArray()) {
      finite[count++] = (short) bits;
    }
    try (Arena arena = Arena.ofConfined()) {
      // An odd address and an odd count: weights need not be aligned, nor whole vectors.
      MemorySegment source = arena.allocate(2L * count + 1, 1).asSlice(1, 2L * (count - 1));
      MemorySegment.copy(finite, 0, source, ValueLayout.JAVA_SHORT_UNALIGNED, 0, count - 1);
      MemorySegment target = arena.allocate(4L * (count - 1), 4);
      assertThat(FloatDecoder.decode(dtype, source, target)).isEqualTo(-1);
      for (int i = 0; i < count - 1; i++) {
        assertThat(target.getAtIndex(ValueLayout.JAVA_INT, i))
            .isEqualTo(Float.floatToRawIntBits(reference.decode(finite[i])));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void findsEveryPlaceOfAnInfinityOrNaN(DType dtype) {
    int size = 70;
    List<Integer> specials =
        switch (dtype) {
          case F32 -> List.of(0x7f800000, 0xff800000, 0x7fc00000, 0xffffffff, 0x7f800001);
          case F16 -> List.of(0x7c00, 0xfc00, 0x7e00, 0xffff, 0x7c01);
          default -> List.of(0x7f80, 0xff80, 0x7fc0, 0xffff, 0x7f81);
        };
    for (int bits : specials) {
      for (int at = 0; at < size; at++) {
        MemorySegment source = MemorySegment.ofArray(new byte[size * dtype.bytes()]);
        if (dtype == DType.F32) {
          source.set(ValueLayout.JAVA_INT_UNALIGNED, 4L * at, bits);
        } else {
          source.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * at, (short) bits);
        }
        MemorySegment target = MemorySegment.ofArray(new float[size]);
        assertThat(FloatDecoder.decode(dtype, source, target)).isEqualTo(at);
      }
    }
  }
}
