package dev.cram.lm.arch;

import dev.cram.lm.files.AttentionSizes;
import dev.cram.lm.files.HiddenActivation;
import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.Weights;
import dev.cram.lm.layer.AttentionShape;
import dev.cram.lm.layer.Layer;
import dev.cram.lm.layer.LearnedPositions;
import dev.cram.lm.layer.Linear;
import dev.cram.lm.layer.Mlp;
import dev.cram.lm.layer.Norm;
import dev.cram.lm.layer.Residual;
import dev.cram.lm.layer.SelfAttention;
import dev.cram.lm.layer.Sequential;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import dev.cram.tensor.op.Activation;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * OPT (Zhang et al. 2022; transformers {@code OPTForCausalLM}): learned positions, then per block
 * {@code x += attention(norm(x))} and {@code x += mlp(norm(x))}. Its 350M model has narrower
 * embeddings, which are projected to the blocks and back, and norms behind the sums: {@code x =
 * norm(x + attention(x))}.
 */
final class Opt implements Architecture {
  /** The table of positions has two rows more than there are positions, in front. */
  private static final int POSITION_OFFSET = 2;

  private static final float LAYER_NORM_EPS = 1e-5f;

  @Override
  public Network build(
      ModelConfig config, Weights weights, Arena arena, Precision precision, Workers workers) {
    AttentionSizes sizes =
        AttentionSizes.ofEqualShares(config, "hidden_size", "num_attention_heads");
    int hiddenSize = sizes.hiddenSize();
    int heads = sizes.heads();
    int embeddingSize =
        config.has("word_embed_proj_dim") ? config.requiredInt("word_embed_proj_dim") : hiddenSize;
    int intermediateSize = config.requiredInt("ffn_dim");
    int vocabularySize = config.requiredInt("vocab_size");
    int maxPositions = config.requiredInt("max_position_embeddings");
    boolean normBefore = config.bool("do_layer_norm_before", true);
    boolean finalNorm = normBefore && !config.bool("_remove_final_layer_norm", false);
    boolean affine = config.bool("layer_norm_elementwise_affine", true);
    boolean bias = config.bool("enable_bias", true);
    Activation activation = HiddenActivation.of(config, "activation_function", "relu");
    AttentionShape shape = new AttentionShape(heads, heads, sizes.headDim());

    Parts parts = new Parts(weights, arena, precision, workers);
    String decoder = parts.prefix("model.", "decoder.embed_tokens.weight") + "decoder.";
    List<Layer> layers = new ArrayList<>();
    if (embeddingSize != hiddenSize) {
      layers.add(
          new Linear(parts.linear(decoder + "project_in", hiddenSize, embeddingSize, false)));
    }
    int rows = POSITION_OFFSET + maxPositions;
    layers.add(
        new LearnedPositions(
            parts
                .positions(decoder + "embed_positions.weight", rows, hiddenSize)
                .slice(POSITION_OFFSET, rows)));
    for (int i = 0; i < config.requiredInt("num_hidden_layers"); i++) {
      String block = decoder + "layers." + i + ".";
      String names = block + "self_attn.";
      Layer attention =
          new SelfAttention(
              parts.fused(
                  List.of(names + "q_proj", names + "k_proj", names + "v_proj"),
                  new int[] {hiddenSize, hiddenSize, hiddenSize},
                  hiddenSize,
                  bias),
              parts.linear(names + "out_proj", hiddenSize, hiddenSize, bias),
              shape);
      Layer mlp =
          new Mlp(
              parts.linear(block + "fc1", intermediateSize, hiddenSize, bias),
              activation,
              parts.linear(block + "fc2", hiddenSize, intermediateSize, bias));
      Norm attentionNorm = norm(parts, block + "self_attn_layer_norm", hiddenSize, affine);
      Norm mlpNorm = norm(parts, block + "final_layer_norm", hiddenSize, affine);
      layers.addAll(
          normBefore
              ? List.of(
                  new Residual(new Sequential(attentionNorm, attention)),
                  new Residual(new Sequential(mlpNorm, mlp)))
              : List.of(new Residual(attention), attentionNorm, new Residual(mlp), mlpNorm));
    }
    if (finalNorm) {
      layers.add(norm(parts, decoder + "final_layer_norm", hiddenSize, affine));
    }
    if (embeddingSize != hiddenSize) {
      layers.add(
          new Linear(parts.linear(decoder + "project_out", embeddingSize, hiddenSize, false)));
    }

    String embeddings = decoder + "embed_tokens";
    boolean tied = config.bool("tie_word_embeddings", true);
    return new Network(
        parts.embeddings(embeddings + ".weight", vocabularySize, embeddingSize),
        new Sequential(layers),
        parts.linear(tied ? embeddings : "lm_head", vocabularySize, embeddingSize, false),
        maxPositions);
  }

  private static Norm norm(Parts parts, String name, int size, boolean affine) {
    return affine ? parts.layerNorm(name, size, LAYER_NORM_EPS) : Norm.layer(size, LAYER_NORM_EPS);
  }
}
