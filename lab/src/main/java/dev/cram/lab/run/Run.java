package dev.cram.lab.run;

import java.io.Serializable;
import java.time.Instant;

/**
 * A finished run: what K vectors held of one text, by the paper's convention that the first token
 * is given and the other {@code length - 1} are predicted.
 *
 * @param key identifies it
 * @param embeddingSize width of a vector
 * @param vocabularySize of the model
 * @param steps optimisation steps taken
 * @param stepsToBest steps after which the best accuracy was reached
 * @param seconds wall time of the optimisation
 * @param correct predicted tokens whose teacher-forced argmax is right, with the best vectors
 * @param correctWithout the same without vectors
 * @param crossEntropy mean over the predicted tokens with the best vectors, in nats
 * @param crossEntropyWithout the same without vectors
 * @param horizon tokens that greedy decoding gives back before its first error, the given one
 *     included; {@code key.length} if the text is exact
 * @param margins of the predicted tokens, teacher-forced, in logits, {@code [length - 1]}
 * @param vectors the best ones, {@code [K, embeddingSize]}
 * @param curve how the optimisation went
 * @param started when it began
 * @param machine where it ran
 * @param software the version of Cram
 */
public record Run(
    RunKey key,
    int embeddingSize,
    int vocabularySize,
    int steps,
    int stepsToBest,
    double seconds,
    int correct,
    int correctWithout,
    double crossEntropy,
    double crossEntropyWithout,
    int horizon,
    float[] margins,
    float[] vectors,
    Curve curve,
    Instant started,
    String machine,
    String software)
    implements Serializable {
  /** The accuracy from which on a text counts as decoded (Kuratov et al. 2025). */
  public static final double DECODED = 0.99;

  /** Tokens that were to be predicted. */
  public int predicted() {
    return key.length() - 1;
  }

  /** Share of the predicted tokens whose teacher-forced argmax is right, 0 to 1. */
  public double accuracy() {
    return (double) correct / predicted();
  }

  /** Whether greedy decoding gives the whole text back. */
  public boolean exact() {
    return horizon == key.length();
  }

  /** Token Gain (Kuratov et al. 2025): tokens right with the vectors but not without. */
  public int tokenGain() {
    return correct - correctWithout;
  }

  /** Information Gain (Kuratov et al. 2025), in nats: the drop in cross-entropy over the text. */
  public double informationGain() {
    return (crossEntropyWithout - crossEntropy) * key.length();
  }
}
