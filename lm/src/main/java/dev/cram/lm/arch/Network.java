package dev.cram.lm.arch;

import dev.cram.lm.layer.Layer;
import dev.cram.tensor.FrozenLinear;

/**
 * A causal language model without its surroundings.
 *
 * @param embeddings the input rows of tokens
 * @param body from input rows {@code [rows, embeddingSize]} to hidden rows {@code [rows,
 *     hiddenSize]}, the final norm included
 * @param head from hidden rows to logits {@code [rows, vocabularySize]}
 * @param maxPositions the longest sequence, in rows; {@link Integer#MAX_VALUE} if nothing bounds it
 */
public record Network(
    TokenEmbeddings embeddings, Layer body, FrozenLinear head, int maxPositions) {}
