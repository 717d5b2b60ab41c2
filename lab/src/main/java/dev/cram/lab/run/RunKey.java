package dev.cram.lab.run;

import dev.cram.lm.files.Sha256;
import dev.cram.recipe.Recipe;
import dev.cram.tensor.Precision;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * What makes one run different from every other. A run that is in the database is not done again,
 * so everything that could change its result belongs here.
 *
 * @param model name of the model
 * @param weightFingerprint identifies the weights
 * @param precision that the model computes in
 * @param source what the experiment calls the source
 * @param sample number of the text in the source, from 0
 * @param textHash SHA-256 of the token ids, hexadecimal
 * @param length tokens of the text, the first of them given
 * @param vectors number of [mem] vectors (K)
 * @param recipe name of the recipe
 * @param maxSteps the recipe's step budget
 * @param patience the steps without a better accuracy after which it gives up
 * @param seed of the optimisation
 */
public record RunKey(
    String model,
    String weightFingerprint,
    Precision precision,
    String source,
    int sample,
    String textHash,
    int length,
    int vectors,
    String recipe,
    int maxSteps,
    int patience,
    long seed)
    implements Serializable {

  /** Identifies the run: 32 hexadecimal digits of a hash of everything but the model's name. */
  public String id() {
    String all =
        String.join(
            "\n",
            weightFingerprint,
            precision.name().toLowerCase(Locale.ROOT),
            source,
            Integer.toString(sample),
            textHash,
            Integer.toString(length),
            Integer.toString(vectors),
            Recipe.revision(recipe) == 1 ? recipe : recipe + " " + Recipe.revision(recipe),
            Integer.toString(maxSteps),
            Integer.toString(patience),
            Long.toString(seed));
    return Sha256.hex(all.getBytes(StandardCharsets.UTF_8)).substring(0, 32);
  }

  /** The same run from another seed. */
  public RunKey withSeed(long other) {
    return with(maxSteps, patience, other);
  }

  RunKey withMaxSteps(int maxSteps) {
    return with(maxSteps, Math.min(patience, maxSteps), seed);
  }

  private RunKey with(int maxSteps, int patience, long seed) {
    return new RunKey(
        model,
        weightFingerprint,
        precision,
        source,
        sample,
        textHash,
        length,
        vectors,
        recipe,
        maxSteps,
        patience,
        seed);
  }

  /** The hash that {@link #textHash} holds. */
  public static String hash(int[] tokens) {
    byte[] bytes = new byte[4 * tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      for (int b = 0; b < 4; b++) {
        bytes[4 * i + b] = (byte) (tokens[i] >>> 8 * b);
      }
    }
    return Sha256.hex(bytes);
  }
}
