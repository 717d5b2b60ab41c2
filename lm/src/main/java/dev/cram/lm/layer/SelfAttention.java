package dev.cram.lm.layer;

import dev.cram.tensor.FrozenLinear;
import dev.cram.tensor.Matrix;
import dev.cram.tensor.Multiplier;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.Attention;
import dev.cram.tensor.op.Sum;
import java.util.List;

/**
 * Causal self-attention with grouped query heads.
 *
 * @param qkv queries, keys and values as one layer, their outputs side by side: {@code [(heads + 2
 *     * kvHeads) * headDim, hiddenSize]}
 * @param out {@code [hiddenSize, heads * headDim]}
 * @param transforms what happens to queries, keys and values before they attend, in this order
 */
public record SelfAttention(
    FrozenLinear qkv, FrozenLinear out, AttentionShape shape, List<QkvTransform> transforms)
    implements Layer {
  public SelfAttention(
      FrozenLinear qkv, FrozenLinear out, AttentionShape shape, QkvTransform... transforms) {
    this(qkv, out, shape, List.of(transforms));
  }

  @Override
  public int outputs() {
    return out.outputs();
  }

  @Override
  public Stage plan(Flow input, Matrix outputGradient, Plan plan) {
    return new Bound(this, input, outputGradient, plan);
  }

  private static final class Bound implements Stage {
    private final SelfAttention layer;
    private final Flow input;
    private final Matrix outputGradient;
    private final Multiplier multiplier;
    private final Workers workers;
    private final QkvTransform.Bound[] transforms;
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

    private final Workers.Task transform = this::transform;
    private final Workers.Task attend = this::attend;
    private final Workers.Task attendBackward = this::attendBackward;
    private final Workers.Task transformBackward = this::transformBackward;
    private int first;
    private int end;

    Bound(SelfAttention layer, Flow input, Matrix outputGradient, Plan plan) {
      this.layer = layer;
      this.input = input;
      this.outputGradient = outputGradient;
      heads = layer.shape.heads();
      kvHeads = layer.shape.kvHeads();
      headDim = layer.shape.headDim();
      multiplier = plan.multiplier();
      workers = plan.workers();
      attentions = plan.attention(layer.shape);
      transforms = new QkvTransform.Bound[layer.transforms.size()];
      for (int i = 0; i < transforms.length; i++) {
        transforms[i] = layer.transforms.get(i).plan(layer.shape, plan);
      }
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
      int changing = input.changing(to);
      layer.qkv.forward(multiplier, input.value(), qkv, from, changing);
      first = from;
      end = to;
      workers.run(transform, changing - from);
      workers.run(attend, heads * Math.ceilDiv(to - from, Attention.QUERY_BLOCK));
      layer.out.forward(multiplier, attended, output, from, to);
    }

    private void transform(int part, int worker) {
      for (QkvTransform.Bound transform : transforms) {
        transform.forward(qkv, first + part);
      }
    }

    /** The parts with the most keys have the highest numbers, with which workers begin. */
    private void attend(int part, int worker) {
      int from = first + part / heads * Attention.QUERY_BLOCK;
      int to = Math.min(end, from + Attention.QUERY_BLOCK);
      attentions[worker].forward(part % heads, qkv, attended, from, to);
    }

    @Override
    public void backward(int rows) {
      layer.out.backward(multiplier, outputGradient, dAttended, 0, rows);
      end = rows;
      workers.run(attendBackward, heads);
      int wanted = input.wanted(rows);
      workers.run(transformBackward, wanted);
      layer.qkv.backward(multiplier, dQkv, input.gradient(), 0, wanted);
    }

    private void attendBackward(int head, int worker) {
      Matrix dKv = dKvOfHeads == null ? dQkv : dKvOfHeads;
      int keyCol = dKvOfHeads == null ? (heads + head) * headDim : head * headDim;
      attentions[worker].backward(
          head, qkv, dAttended, end, dQkv, head * headDim, dKv, keyCol, keyCol + heads * headDim);
    }

    private void transformBackward(int row, int worker) {
      if (dKvOfHeads != null) {
        addUpGroups(row);
      }
      for (int i = transforms.length - 1; i >= 0; i--) {
        transforms[i].backward(dQkv, row);
      }
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
