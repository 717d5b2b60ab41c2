package dev.cram.app.compare;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** What programs that people know make of the same bytes, at their strongest. */
public final class OrdinaryCompressors {
  private static final int STRONGEST_ZSTD = 22;

  private OrdinaryCompressors() {}

  /** The size that {@code zstd -22} reaches, in bytes. */
  public static int zstd(byte[] bytes) {
    return Zstd.compress(bytes, STRONGEST_ZSTD).length;
  }

  /** The size that {@code xz -9e} reaches, in bytes. */
  public static int xz(byte[] bytes) {
    ByteArrayOutputStream result = new ByteArrayOutputStream();
    try {
      LZMA2Options options = new LZMA2Options(LZMA2Options.PRESET_MAX);
      // A larger dictionary than the text changes nothing but the memory: 700 MB for that of -9.
      options.setDictSize(
          Math.clamp(bytes.length, LZMA2Options.DICT_SIZE_MIN, options.getDictSize()));
      try (XZOutputStream xz = new XZOutputStream(result, options)) {
        xz.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return result.size();
  }
}
