package dev.cram.lm.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.lm.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class SafetensorsPropertyTest {
  @Property(tries = 300)
  void whatIsWrittenIsRead(
      @ForAll("tensors") List<TensorView> tensors, @ForAll("metadata") Map<String, String> metadata)
      throws IOException {
    byte[] bytes = write(tensors, metadata);
    long headerBytes = MemorySegment.ofArray(bytes).get(SafetensorsFile.HEADER_LENGTH, 0);
    assertThat(headerBytes % 8).isZero();

    SafetensorsFile file = SafetensorsFile.of("x", MemorySegment.ofArray(bytes));

    assertThat(file.metadata()).isEqualTo(metadata);
    assertThat(file.names())
        .containsExactlyInAnyOrderElementsOf(tensors.stream().map(TensorView::name).toList());
    for (TensorView tensor : tensors) {
      TensorView read = file.tensor(tensor.name());
      assertThat(read.dtype()).isEqualTo(tensor.dtype());
      assertThat(read.shape()).isEqualTo(tensor.shape());
      assertThat(read.data().mismatch(tensor.data())).isEqualTo(-1);
    }
  }

  @Property(tries = 2000)
  void damagedBytesAreRefusedOrParsed(
      @ForAll("tensors") List<TensorView> tensors,
      @ForAll("metadata") Map<String, String> metadata,
      @ForAll long seed)
      throws IOException {
    byte[] bytes = write(tensors, metadata);
    Random random = new Random(seed);
    for (int i = random.nextInt(4); i >= 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    if (random.nextBoolean()) {
      bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 20));
    }
    try {
      SafetensorsFile file = SafetensorsFile.of("x", MemorySegment.ofArray(bytes));
      long covered =
          file.names().stream().mapToLong(name -> file.tensor(name).data().byteSize()).sum();
      long headerBytes = MemorySegment.ofArray(bytes).get(SafetensorsFile.HEADER_LENGTH, 0);
      assertThat(8 + headerBytes + covered).isEqualTo(bytes.length);
    } catch (InputException e) {
      assertThat(e.getMessage().lines()).hasSize(1);
    }
  }

  private static byte[] write(List<TensorView> tensors, Map<String, String> metadata)
      throws IOException {
    var out = new ByteArrayOutputStream();
    SafetensorsWriter.write(out, tensors, metadata);
    return out.toByteArray();
  }

  @Provide
  Arbitrary<List<TensorView>> tensors() {
    return Combinators.combine(
            text().filter(name -> !name.equals("__metadata__")),
            Arbitraries.of(DType.values()),
            Arbitraries.longs().between(0, 5).list().ofMaxSize(3),
            Arbitraries.randomValue(Random::nextLong))
        .as(SafetensorsPropertyTest::tensor)
        .list()
        .uniqueElements(TensorView::name)
        .ofMaxSize(6);
  }

  @Provide
  Arbitrary<Map<String, String>> metadata() {
    return Arbitraries.maps(text(), text()).ofMaxSize(4);
  }

  private static Arbitrary<String> text() {
    return Arbitraries.strings()
        .all()
        .ofMaxLength(12)
        .filter(text -> StandardCharsets.UTF_8.newEncoder().canEncode(text));
  }

  private static TensorView tensor(String name, DType dtype, List<Long> sizes, long seed) {
    long[] shape = sizes.stream().mapToLong(Long::longValue).toArray();
    byte[] data = new byte[(int) (dtype.bytes() * Arrays.stream(shape).reduce(1, (a, b) -> a * b))];
    new Random(seed).nextBytes(data);

    return new TensorView(name, dtype, shape, MemorySegment.ofArray(data));
  }
}
