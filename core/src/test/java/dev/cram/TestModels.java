package dev.cram;

import dev.cram.lm.files.DType;
import dev.cram.lm.files.SafetensorsFile;
import dev.cram.lm.files.TensorView;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** The tiny random models of lm's tests, and what stands in the safetensors files beside them. */
final class TestModels {
  private static final Path FIXTURES =
      Path.of(System.getProperty("cram.root", ".."), "lm/src/test/resources/fixtures");

  private TestModels() {}

  /** The model directory of a fixture. */
  static Path directory(String fixture) {
    return FIXTURES.resolve(fixture);
  }

  /** A tensor of numbers, whatever their type. */
  static double[] numbers(Path file, String tensor) {
    try (SafetensorsFile safetensors = SafetensorsFile.open(file)) {
      TensorView view = safetensors.tensor(tensor);
      double[] numbers = new double[(int) (view.data().byteSize() / view.dtype().bytes())];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] =
            view.dtype() == DType.I64
                ? view.data()
                    .get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 8L * i)
                : view.data()
                    .get(
                        ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
                        4L * i);
      }
      return numbers;
    }
  }
}
