package dev.cram.lm.tokenizer;

import dev.cram.lm.InputException;
import dev.cram.tensor.NativeFolder;
import java.io.UncheckedIOException;

/**
 * Where the native tokenizers library runs: without the network, from a folder of this user alone.
 *
 * <p>The library's Java side unpacks it below the folder that the property {@code ENGINE_CACHE_DIR}
 * names, and by default reports its use over the network.
 */
final class TokenizerRuntime {
  private static final String CACHE = "ENGINE_CACHE_DIR";

  /** Where JNA, which the library's Java side calls it through, unpacks a library of its own. */
  private static final String JNA = "jna.tmpdir";

  private static boolean prepared;

  private TokenizerRuntime() {}

  static synchronized void prepare() {
    if (prepared) {
      return;
    }
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    try {
      if (System.getenv(CACHE) == null && System.getProperty(CACHE) == null) {
        System.setProperty(CACHE, NativeFolder.get().toString());
      }
      if (System.getProperty(JNA) == null) {
        System.setProperty(JNA, NativeFolder.get().toString());
      }
    } catch (UncheckedIOException e) {
      throw new InputException(e.getMessage(), e);
    }
    prepared = true;
  }
}
