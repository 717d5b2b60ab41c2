package dev.cram.fuzz;

import dev.cram.lm.files.SafetensorsFile;
import java.lang.foreign.MemorySegment;

/** Safetensors files. */
public final class SafetensorsTarget {
  private SafetensorsTarget() {}

  /** Called by the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    Guard.run(() -> {
      MemorySegment bytes = MemorySegment.ofArray(data);
      SafetensorsFile.lengthOf("x", bytes);
      try (SafetensorsFile file = SafetensorsFile.of("x", bytes)) {
        long total = 0;
        for (String name : file.names()) {
          total += file.tensor(name).data().byteSize();
        }
        if (total > data.length) {
          throw new AssertionError("tensors of " + total + " bytes in " + data.length);
        }
      }
    });
  }
}
