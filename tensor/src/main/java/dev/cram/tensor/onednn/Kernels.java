package dev.cram.tensor.onednn;

import jdk.incubator.vector.FloatVector;

/** What the arithmetic of this process runs on: its last bits depend on it. */
public final class Kernels {
  private Kernels() {}

  /**
   * The instruction set that oneDNN's kernels are held to, the processor's best unless the
   * environment variable {@code ONEDNN_MAX_CPU_ISA} says otherwise: {@code sse41}, {@code avx},
   * {@code avx2}, {@code avx512}, {@code amx}, or {@code isa-} and oneDNN's number.
   */
  public static String instructionSet() {
    int isa = OneDnn.effectiveIsa();
    return switch (isa) {
      case 0x1 -> "sse41";
      case 0x3 -> "avx";
      case 0x7 -> "avx2";
      case 0xf, 0x1f -> "avx2-vnni";
      case 0x27, 0x67 -> "avx512";
      case 0xe7 -> "avx512-bf16";
      case 0x1ef -> "avx512-fp16";
      default -> (isa & 0xfef) == 0xfef ? "amx" : "isa-" + Integer.toHexString(isa);
    };
  }

  /** Floats in a vector register of the computations in Java. */
  public static int lanes() {
    return FloatVector.SPECIES_PREFERRED.length();
  }
}
