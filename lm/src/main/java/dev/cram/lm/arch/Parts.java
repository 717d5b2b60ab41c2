package dev.cram.lm.arch;

import dev.cram.lm.files.Weights;
import dev.cram.tensor.FrozenLinear;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** Reads an architecture's weights by name and packs them for one precision. */
final class Parts {
  private final Weights weights;
  private final Arena arena;
  private final Precision precision;
  private final Workers workers;

  Parts(Weights weights, Arena arena, Precision precision, Workers workers) {
    this.weights = weights;
    this.arena = arena;
    this.precision = precision;
    this.workers = workers;
  }

  /**
   * A linear layer {@code [outputs, inputs]} from {@code name.weight} and maybe {@code name.bias}.
   */
  FrozenLinear linear(String name, int outputs, int inputs, boolean bias) {
    return fused(List.of(name), new int[] {outputs}, inputs, bias);
  }

  /** Linear layers that read the same input, as one layer with their outputs side by side. */
  FrozenLinear fused(List<String> names, int[] outputs, int inputs, boolean bias) {
    try (Arena temporary = Arena.ofShared()) {
      List<Matrix> matrices = new ArrayList<>();
      List<Matrix> biases = new ArrayList<>();
      for (int i = 0; i < outputs.length; i++) {
        matrices.add(
            weights.matrix(temporary, workers, names.get(i) + ".weight", outputs[i], inputs));
        if (bias) {
          biases.add(row(temporary, names.get(i) + ".bias", outputs[i]));
        }
      }
      return FrozenLinear.pack(arena, matrices, biases, precision, workers);
    }
  }

  /** A vector {@code [1, size]}, such as the weight of a norm. */
  Matrix vector(String name, int size) {
    return row(arena, name, size);
  }

  /** A weight of any shape, row-major. */
  float[] values(String name, int... shape) {
    return weights.vector(name, shape);
  }

  /** The input rows of tokens, {@code [vocabularySize, embeddingSize]}. */
  Matrix embeddings(String name, int vocabularySize, int embeddingSize) {
    return weights.matrix(arena, workers, name, vocabularySize, embeddingSize);
  }

  private Matrix row(Arena target, String name, int size) {
    return Matrix.of(target, 1, size, weights.vector(name, size));
  }
}
