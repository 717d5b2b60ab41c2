package dev.cram.lm.arch;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.cram.lm.files.Weights;
import dev.cram.lm.layer.Norm;
import dev.cram.tensor.FrozenLinear;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
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
    for (int i = 0; i < outputs.length; i++) {
      weights.require(names.get(i) + ".weight", outputs[i], inputs);
    }
    try (Arena temporary = Arena.ofShared()) {
      int rows = Arrays.stream(outputs).reduce(0, Math::addExact);
      Matrix weight = Matrix.allocate(temporary, rows, inputs);
      Matrix biases = bias ? Matrix.allocate(temporary, 1, weight.rows()) : null;
      int at = 0;
      for (int i = 0; i < outputs.length; i++) {
        weights.read(names.get(i) + ".weight", weight.slice(at, at + outputs[i]), workers);
        if (bias) {
          float[] values = weights.vector(names.get(i) + ".bias", outputs[i]);
          MemorySegment.copy(values, 0, biases.data(), JAVA_FLOAT, 4L * at, values.length);
        }
        at += outputs[i];
      }
      return FrozenLinear.pack(arena, weight, biases, precision, workers);
    }
  }

  /**
   * A linear layer from {@code name.weight [inputs, outputs]} and {@code name.bias}, as the {@code
   * Conv1D} of transformers stores them.
   */
  FrozenLinear conv1d(String name, int inputs, int outputs) {
    try (Arena temporary = Arena.ofShared()) {
      Matrix weight = weights.matrix(temporary, workers, name + ".weight", inputs, outputs);
      Matrix bias = row(temporary, name + ".bias", outputs);
      return FrozenLinear.packTransposed(arena, weight, bias, precision, workers);
    }
  }

  /**
   * Queries, keys and values side by side, from one layer whose outputs are those of the first
   * head, then those of the second, and so on.
   */
  FrozenLinear interleavedQkv(String name, int heads, int headDim, boolean bias) {
    int hiddenSize = heads * headDim;
    try (Arena temporary = Arena.ofShared()) {
      Matrix weight =
          weights.matrix(temporary, workers, name + ".weight", 3 * hiddenSize, hiddenSize);
      float[] biases = bias ? weights.vector(name + ".bias", 3 * hiddenSize) : null;
      Matrix sortedWeight = Matrix.allocate(temporary, 3 * hiddenSize, hiddenSize);
      Matrix sortedBias = bias ? Matrix.allocate(temporary, 1, 3 * hiddenSize) : null;
      for (int to = 0; to < 3 * hiddenSize; to++) {
        int part = to / hiddenSize;
        int head = to % hiddenSize / headDim;
        int from = (3 * head + part) * headDim + to % headDim;
        sortedWeight.copyRow(to, weight, from);
        if (bias) {
          sortedBias.set(0, to, biases[from]);
        }
      }
      return FrozenLinear.pack(arena, sortedWeight, sortedBias, precision, workers);
    }
  }

  /** The layer norm {@code name.weight} and {@code name.bias}. */
  Norm layerNorm(String name, int size, float layerNormEps) {
    return Norm.layer(vector(name + ".weight", size), vector(name + ".bias", size), layerNormEps);
  }

  /**
   * What names begin with: {@code prefix}, or nothing if the weights were saved without it.
   *
   * @param name a weight's name behind the prefix
   */
  String prefix(String prefix, String name) {
    return weights.contains(name) ? "" : prefix;
  }

  /** A vector {@code [1, size]}, such as the weight of a norm. */
  Matrix vector(String name, int size) {
    return row(arena, name, size);
  }

  /** A weight of any shape, row-major. */
  float[] values(String name, int... shape) {
    return weights.vector(name, shape);
  }

  /** The vectors of positions, {@code [count, embeddingSize]}. */
  Matrix positions(String name, int count, int embeddingSize) {
    return weights.matrix(arena, workers, name, count, embeddingSize);
  }

  /** The input rows of tokens, {@code [vocabularySize, embeddingSize]}. */
  TokenEmbeddings embeddings(String name, int vocabularySize, int embeddingSize) {
    return new TokenEmbeddings(weights.rows(name, vocabularySize, embeddingSize), 1);
  }

  private Matrix row(Arena target, String name, int size) {
    return Matrix.of(target, 1, size, weights.vector(name, size));
  }
}
