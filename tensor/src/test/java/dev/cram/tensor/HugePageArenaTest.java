package dev.cram.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HugePageArenaTest {
  @Test
  void givesZeroedAlignedMemoryThatDoesNotOverlap() {
    try (HugePageArena arena = new HugePageArena()) {
      List<MemorySegment> segments = new ArrayList<>();
      for (long bytes : new long[] {1, 100, 3 << 20, 20 << 20, 15 << 20, 0, 64, 10 << 20}) {
        MemorySegment segment = arena.allocate(bytes, 64);
        assertThat(segment.byteSize()).isEqualTo(bytes);
        assertThat(segment.address() % 64).isZero();
        segments.add(segment);
        for (long at = 0; at < bytes; at += 1000) {
          assertThat(segment.get(ValueLayout.JAVA_BYTE, at)).isZero();
        }
        segment.fill((byte) segments.size());
      }
      for (int i = 0; i < segments.size(); i++) {
        MemorySegment segment = segments.get(i);
        for (long at = 0; at < segment.byteSize(); at += 1000) {
          assertThat(segment.get(ValueLayout.JAVA_BYTE, at)).isEqualTo((byte) (i + 1));
        }
      }
    }
  }

  @Test
  void takesItsMemoryBack() {
    HugePageArena arena = new HugePageArena();
    MemorySegment small = arena.allocate(10, 64);
    MemorySegment large = arena.allocate(40 << 20, 64);
    arena.close();

    assertThat(arena.scope().isAlive()).isFalse();
    assertThatThrownBy(() -> small.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> large.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }
}
