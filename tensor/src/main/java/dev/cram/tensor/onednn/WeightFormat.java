package dev.cram.tensor.onednn;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How a frozen matrix is stored, and what multiplies it. */
public enum WeightFormat {
  /** float32, for float32 products. */
  F32,

  /** bfloat16 in the layout of bfloat16 instructions, which read bfloat16 inputs. */
  BF16,

  /** bfloat16 in the layout of float32: the values are widened on the way into float32 products. */
  BF16_WIDENED;

  private static final int AVX512_BF16 = 0xe7;
  private static final int AVX512_FP16 = 0x1ef;
  private static final int AMX = 0xfef;

  /** What is fastest for bfloat16 weights and inputs on this processor. */
  public static WeightFormat ofBf16() {
    return BF16_PRODUCTS_PAY ? BF16 : BF16_WIDENED;
  }

  private static final boolean BF16_PRODUCTS_PAY = bf16ProductsPay();

  /**
   * Intel's cores since Golden Cove (the first with FP16) leave fast bfloat16 to AMX: {@code
   * vdpbf16ps} does half of what float32 multiply-adds do there, as is seen where a virtual machine
   * hides AMX. AMD's cores do twice as much.
   */
  private static boolean bf16ProductsPay() {
    int isa = OneDnn.effectiveIsa();
    boolean has = (isa & AVX512_BF16) == AVX512_BF16;
    boolean fp16 = (isa & AVX512_FP16) == AVX512_FP16;
    boolean amx = (isa & AMX) == AMX;
    return has && (amx || !fp16 || !madeByIntel());
  }

  private static boolean madeByIntel() {
    try {
      return Files.readString(Path.of("/proc/cpuinfo")).contains("GenuineIntel");
    } catch (IOException e) {
      return false;
    }
  }
}
