package dev.cram.lm.files;

import dev.cram.lm.InputException;
import dev.cram.tensor.op.Rope;

/**
 * The frequencies of rotary position embeddings, as transformers' {@code modeling_rope_utils} names
 * them. For {@link Type#DEFAULT} only {@code theta} means anything.
 *
 * @param theta the base of the frequencies {@code theta^(-2i/headDim)}
 * @param type how the frequencies are scaled
 * @param factor what wavelengths above {@code originalMaxPositionEmbeddings / lowFreqFactor} are
 *     multiplied with
 * @param lowFreqFactor see {@code factor}
 * @param highFreqFactor wavelengths below {@code originalMaxPositionEmbeddings / highFreqFactor}
 *     stay as they are; those between are interpolated
 * @param originalMaxPositionEmbeddings the context before scaling, in tokens
 */
public record RopeParameters(
    double theta,
    Type type,
    double factor,
    double lowFreqFactor,
    double highFreqFactor,
    int originalMaxPositionEmbeddings) {

  /** The kinds of scaling there are here. */
  public enum Type {
    /** None. */
    DEFAULT,
    /** By wavelength, as Llama 3.1 does. */
    LLAMA3
  }

  /**
   * Reads {@code rope_parameters}, or the older {@code rope_scaling} with {@code rope_theta} or
   * {@code rotary_emb_base} beside it. Theta is 10,000 where nothing says otherwise.
   *
   * @throws InputException if the type is neither {@code default} nor {@code llama3}, or a value is
   *     missing or out of range
   */
  public static RopeParameters of(ModelConfig config) {
    String oldThetaKey = config.has("rope_theta") ? "rope_theta" : "rotary_emb_base";
    double oldTheta = config.optionalDouble(oldThetaKey, 10_000);
    var scaling = config.object("rope_parameters").or(() -> config.object("rope_scaling"));
    if (scaling.isEmpty()) {
      return unscaled(positive(config, oldThetaKey, oldTheta));
    }
    ModelConfig rope = scaling.get();
    double theta =
        rope.has("rope_theta")
            ? positive(rope, "rope_theta", rope.requiredDouble("rope_theta"))
            : positive(config, oldThetaKey, oldTheta);
    String typeKey = rope.has("rope_type") ? "rope_type" : "type";
    return switch (rope.string(typeKey, "default")) {
      case "default" -> unscaled(theta);
      case "llama3" -> llama3(theta, rope);
      default -> throw rope.wrong(typeKey, "\"default\" or \"llama3\"; use another model");
    };
  }

  /** Radians per position, {@code [rotaryDim / 2]}. */
  public double[] inverseFrequencies(int rotaryDim) {
    double[] frequencies = Rope.inverseFrequencies(theta, rotaryDim);
    return switch (type) {
      case DEFAULT -> frequencies;
      case LLAMA3 ->
          Rope.llama3Scaled(
              frequencies, factor, lowFreqFactor, highFreqFactor, originalMaxPositionEmbeddings);
    };
  }

  private static RopeParameters unscaled(double theta) {
    return new RopeParameters(theta, Type.DEFAULT, 1, 1, 1, 0);
  }

  private static RopeParameters llama3(double theta, ModelConfig rope) {
    double factor = rope.requiredDouble("factor");
    double low = rope.requiredDouble("low_freq_factor");
    double high = rope.requiredDouble("high_freq_factor");
    if (factor < 1) {
      throw rope.wrong("factor", "a number of at least 1");
    }
    positive(rope, "low_freq_factor", low);
    if (high <= low) {
      throw rope.wrong("high_freq_factor", "a number above low_freq_factor (" + low + ")");
    }
    int original = rope.requiredInt("original_max_position_embeddings");
    return new RopeParameters(theta, Type.LLAMA3, factor, low, high, original);
  }

  private static double positive(ModelConfig config, String key, double value) {
    if (value <= 0) {
      throw config.wrong(key, "a number above 0");
    }
    return value;
  }
}
