package dev.cram.lm.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cram.tensor.Matrix;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A file that the Python library wrote; tools/make_file_vectors.py has the values. */
class PythonVectorTest {
  private static final float[] NUMBERS = {
    0f, -0f, 1f, -2.5f, 0.333251953125f, 65504f, 0x1p-14f, 0x1p-24f, -0x1p-24f
  };

  private final SafetensorsFile file =
      SafetensorsFile.open(Path.of("src/test/resources/vectors/python.safetensors"));
  private final Weights weights = Weights.of(file, ModelConfig.of("config.json", "{}".getBytes()));

  @AfterEach
  void close() {
    weights.close();
  }

  @Test
  void hasTheNamesTypesAndShapesOfPython() {
    assertThat(file.names())
        .containsExactlyInAnyOrder(
            "f32", "f16", "bf16", "i64", "bool", "scalar", "none", "größe/重み😀");
    assertThat(file.tensor("i64").data().toArray(ValueLayout.JAVA_LONG_UNALIGNED))
        .containsExactly(1, -1, 1L << 62);
    assertThat(file.tensor("bool").dtype()).isEqualTo(DType.BOOL);
    assertThat(file.tensor("bool").data().toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 0, 1);
    assertThat(file.tensor("scalar").shape()).isEmpty();
    assertThat(file.tensor("none").shape()).containsExactly(0, 4);
    assertThat(file.tensor("größe/重み😀").shape()).containsExactly(2, 1, 2);
  }

  @Test
  void hasTheMetadataOfPython() {
    assertThat(file.metadata())
        .containsEntry("format", "pt")
        .containsEntry("note", "tab\there, \"quotes\", 重み😀")
        .hasSize(2);
  }

  @Test
  void decodesFloat32AndFloat16WithSubnormals() {
    for (String name : new String[] {"f32", "f16"}) {
      Matrix matrix = weights.matrix(name, 3, 3);
      assertThat(matrix.toArray()).isEqualTo(NUMBERS);
    }
  }

  @Test
  void decodesBfloat16() {
    assertThat(weights.vector("bf16", 7))
        .containsExactly(
            0f, -0f, 1f, -2.5f, 0.333984375f, 3.3895313892515355e38f, 9.183549615799121e-41f);
  }
}
