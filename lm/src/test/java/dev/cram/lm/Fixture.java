package dev.cram.lm;

import dev.cram.lm.files.SafetensorsFile;
import dev.cram.lm.files.TensorView;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** A tiny random model and what transformers computes for it; tools/make_fixtures.py made both. */
final class Fixture implements AutoCloseable {
  private final SafetensorsFile expected;
  final Path directory;

  Fixture(String name) {
    directory = Path.of("src/test/resources/fixtures", name);
    expected = SafetensorsFile.open(directory.resolve("expected.safetensors"));
  }

  int[] ids(String tensor) {
    TensorView view = expected.tensor(tensor);
    int[] ids = new int[(int) (view.data().byteSize() / 8)];
    var layout = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < ids.length; i++) {
      ids[i] = Math.toIntExact(view.data().get(layout, 8L * i));
    }
    return ids;
  }

  float[] floats(String tensor) {
    TensorView view = expected.tensor(tensor);
    float[] values = new float[(int) (view.data().byteSize() / 4)];
    var layout = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.length; i++) {
      values[i] = view.data().get(layout, 4L * i);
    }
    return values;
  }

  @Override
  public void close() {
    expected.close();
  }
}
