package dev.cram.lm.layer;

import dev.cram.tensor.FrozenLinear;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.Attention;
import dev.cram.tensor.op.Rope;
import dev.cram.tensor.op.Sum;

/**
 * Causal self-attention with rotary positions and grouped query heads.
 *
 * @param qkv queries, keys and values as one layer, their outputs side by side: {@code [(heads + 2
 *     * kvHeads) * headDim, hiddenSize]}
 * @param out {@code [hiddenSize, heads * headDim]}
 * @param rope turns queries and keys by their position
 */
public record RotaryAttention(FrozenLinear qkv, FrozenLinear out, Rope rope, AttentionShape shape)
    implements Layer {
  @Override
  public int outputs() {
    return out.outputs();
  }

  @Override
  public Stage plan(Flow input, Matrix outputGradient, Plan plan) {
    return new Bound(this, input, outputGradient, plan);
  }

  private static final class Bound implements Stage {
    private final RotaryAttention layer;
    private final Flow input;
    private final Matrix outputGradient;
    private final Multiplier multiplier;
    private final Workers workers;
    private final Attention[] attentions;
    private final int heads;
    private final int kvHeads;
    private final int headDim;

    /** Queries, keys and values of all positions so far: the cache of decoding. */
    private final Matrix qkv;

    private final Matrix attended;
    private final Matrix output;
    private final Matrix dAttended;
    private final Matrix dQkv;

    /** Gradients to keys and values, per query head; null where no heads share them. */
    private final Matrix dKvOfHeads;

    private final Workers.Task rotate = this::rotate;
    private final Workers.Task attend = this::attend;
    private final Workers.Task attendBackward = this::attendBackward;
    private final Workers.Task rotateBackward = this::rotateBackward;
    private int first;
    private int end;

    Bound(RotaryAttention layer, Flow input, Matrix outputGradient, Plan plan) {
      this.layer = layer;
      this.input = input;
      this.outputGradient = outputGradient;
      heads = layer.shape.heads();
      kvHeads = layer.shape.kvHeads();
      headDim = layer.shape.headDim();
      multiplier = plan.multiplier();
      workers = plan.workers();
      attentions = plan.attention(layer.shape);
      qkv = plan.cache(layer.qkv.outputs());
      attended = plan.scratch(heads * headDim);
      output = plan.scratch(layer.outputs());
      dAttended = plan.gradient(heads * headDim);
      dQkv = plan.gradient(layer.qkv.outputs());
      dKvOfHeads = heads == kvHeads ? null : plan.gradient(2 * heads * headDim);
    }

    @Override
    public Matrix output() {
      return output;
    }

    @Override
    public void forward(int from, int to) {
      layer.qkv.forward(multiplier, input.value(), qkv, from, to);
      first = from;
      end = to;
      workers.run(rotate, to - from);
      workers.run(attend, heads);
      layer.out.forward(multiplier, attended, output, from, to);
    }

    private void rotate(int part, int worker) {
      int row = first + part;
      layer.rope.forward(qkv, row, 0, heads + kvHeads, headDim, row);
    }

    private void attend(int head, int worker) {
      attentions[worker].forward(head, qkv, attended, first, end);
    }

    @Override
    public void backward(int rows) {
      layer.out.backward(multiplier, outputGradient, dAttended, 0, rows);
      end = rows;
      workers.run(attendBackward, heads);
      workers.run(rotateBackward, rows);
      layer.qkv.backward(multiplier, dQkv, input.gradient(), 0, rows);
    }

    private void attendBackward(int head, int worker) {
      Matrix dKv = dKvOfHeads == null ? dQkv : dKvOfHeads;
      int keyCol = dKvOfHeads == null ? (heads + head) * headDim : head * headDim;
      attentions[worker].backward(
          head, qkv, dAttended, end, dQkv, head * headDim, dKv, keyCol, keyCol + heads * headDim);
    }

    private void rotateBackward(int row, int worker) {
      if (dKvOfHeads != null) {
        addUpGroups(row);
      }
      layer.rope.backward(dQkv, row, 0, heads + kvHeads, headDim, row);
    }

    private void addUpGroups(int row) {
      int group = heads / kvHeads;
      for (int keysOrValues = 0; keysOrValues < 2; keysOrValues++) {
        for (int kvHead = 0; kvHead < kvHeads; kvHead++) {
          int to = (heads + keysOrValues * kvHeads + kvHead) * headDim;
          int from = (keysOrValues * heads + kvHead * group) * headDim;
          Sum.copy(dKvOfHeads, from, dQkv, to, row, headDim);
          for (int head = 1; head < group; head++) {
            Sum.into(dKvOfHeads, from + head * headDim, dQkv, to, row, headDim);
          }
        }
      }
    }
  }
}
