package dev.cram.lm.files;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The digest that {@link Weights#fingerprint()} describes. */
final class WeightFingerprint {
  private static final int BLOCKS = 16;
  private static final int BLOCK_BYTES = 4096;

  private WeightFingerprint() {}

  static String of(Stream<StoredWeight.Tensor> tensors) {
    MessageDigest digest = Sha256.digest();
    tensors
        .sorted((a, b) -> Arrays.compareUnsigned(utf8(a.name()), utf8(b.name())))
        .forEachOrdered(tensor -> add(digest, tensor));
    return Sha256.hex(digest);
  }

  private static void add(MessageDigest digest, StoredWeight.Tensor tensor) {
    addField(digest, tensor.name());
    addField(digest, tensor.type());
    addField(
        digest,
        Arrays.stream(tensor.shape()).mapToObj(Long::toString).collect(Collectors.joining(",")));
    MemorySegment data = tensor.data();
    if (data.byteSize() < BLOCKS * BLOCK_BYTES) {
      addBytes(digest, data);
      return;
    }
    for (int i = 0; i < BLOCKS; i++) {
      addBytes(
          digest, data.asSlice(i * (data.byteSize() - BLOCK_BYTES) / (BLOCKS - 1), BLOCK_BYTES));
    }
  }

  private static void addField(MessageDigest digest, String text) {
    digest.update(utf8(text));
    digest.update((byte) 0);
  }

  private static void addBytes(MessageDigest digest, MemorySegment bytes) {
    digest.update(bytes.toArray(ValueLayout.JAVA_BYTE));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
