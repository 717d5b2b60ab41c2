package dev.cram.lm.files;

import dev.cram.lm.InputException;
import dev.cram.tensor.op.Rope;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The frequencies of rotary position embeddings, as transformers' {@code modeling_rope_utils} names
 * them. For {@link Type#DEFAULT} only {@code theta} means anything.
 *
 * @param theta the base of the frequencies {@code theta^(-2i/rotaryDim)}
 * @param type how the frequencies are scaled
 * @param factor what all wavelengths are multiplied with; for {@link Type#LLAMA3} only those above
 *     {@code originalMaxPositionEmbeddings / lowFreqFactor}
 * @param lowFreqFactor see {@code factor}
 * @param highFreqFactor wavelengths below {@code originalMaxPositionEmbeddings / highFreqFactor}
 *     stay as they are; those between are interpolated
 * @param originalMaxPositionEmbeddings the context before scaling, in tokens
 * @param divisors for {@link Type#DIVIDED}, what each frequency is divided by, {@code [rotaryDim /
 *     2]}; else empty
 */
public record RopeParameters(
    double theta,
    Type type,
    double factor,
    double lowFreqFactor,
    double highFreqFactor,
    int originalMaxPositionEmbeddings,
    List<Double> divisors) {

  /** The kinds of scaling there are here. */
  public enum Type {
    /** None. */
    DEFAULT,
    /** All alike (Chen et al. 2023). */
    LINEAR,
    /** By wavelength, as Llama 3.1 does. */
    LLAMA3,
    /** Each by a number of its own: how GGUF files say what Llama 3.1 does. */
    DIVIDED
  }

  /**
   * Reads {@code rope_parameters}, or the older {@code rope_scaling} with {@code rope_theta} or
   * {@code rotary_emb_base} beside it. Theta is 10,000 where nothing says otherwise.
   *
   * @throws InputException if the type is not one of {@link Type}, or a value is missing or out of
   *     range
   */
  public static RopeParameters of(ModelConfig config) {
    String oldThetaKey = config.has("rope_theta") ? "rope_theta" : "rotary_emb_base";
    return of(
        config,
        config.object("rope_parameters").or(() -> config.object("rope_scaling")),
        oldThetaKey,
        10_000);
  }

  /**
   * Those of the layers with full attention, in a model that has layers with a sliding window too:
   * {@code rope_parameters.full_attention}, or the older {@code rope_scaling} with {@code
   * rope_theta} beside it. Theta is 1,000,000 where nothing says otherwise, as in Gemma 3.
   *
   * @throws InputException as {@link #of} does
   */
  public static RopeParameters ofFullAttention(ModelConfig config) {
    return of(
        config,
        ofLayerType(config, "full_attention").or(() -> config.object("rope_scaling")),
        "rope_theta",
        1_000_000);
  }

  /**
   * Those of the layers with a sliding window: {@code rope_parameters.sliding_attention}, or the
   * older {@code rope_local_base_freq}, which nothing scales. Theta is 10,000 where nothing says
   * otherwise.
   *
   * @throws InputException as {@link #of} does
   */
  public static RopeParameters ofSlidingAttention(ModelConfig config) {
    return of(config, ofLayerType(config, "sliding_attention"), "rope_local_base_freq", 10_000);
  }

  /**
   * How many elements of a head are turned: the share {@code rope_parameters.partial_rotary_factor}
   * of it, or the older {@code partial_rotary_factor} or {@code rotary_pct}.
   *
   * @param missing the share where there is none
   * @throws InputException if the share is not above 0 and at most 1, or leaves an odd number
   */
  public static int rotaryDim(ModelConfig config, int headDim, double missing) {
    ModelConfig holder =
        config
            .object("rope_parameters")
            .filter(rope -> rope.has("partial_rotary_factor"))
            .orElse(config);
    String key =
        holder.has("partial_rotary_factor") || !holder.has("rotary_pct")
            ? "partial_rotary_factor"
            : "rotary_pct";
    double share = holder.optionalDouble(key, missing);
    int rotaryDim = (int) (headDim * share);
    if (share <= 0 || share > 1 || rotaryDim == 0 || rotaryDim % 2 != 0) {
      throw holder.wrong(
          key, "a share of the " + headDim + " elements of a head that is an even number");
    }
    return rotaryDim;
  }

  private static Optional<ModelConfig> ofLayerType(ModelConfig config, String layerType) {
    var all = config.object("rope_parameters");
    if (all.isPresent() && (all.get().has("rope_theta") || all.get().has("rope_type"))) {
      throw config.wrong(
          "rope_parameters", "one object for full_attention and one for sliding_attention");
    }
    return all.flatMap(byType -> byType.object(layerType));
  }

  private static RopeParameters of(
      ModelConfig config, Optional<ModelConfig> scaling, String thetaKey, double missingTheta) {
    double outerTheta = config.optionalDouble(thetaKey, missingTheta);
    if (scaling.isEmpty()) {
      return unscaled(positive(config, thetaKey, outerTheta));
    }
    ModelConfig rope = scaling.get();
    double theta =
        rope.has("rope_theta")
            ? positive(rope, "rope_theta", rope.requiredDouble("rope_theta"))
            : positive(config, thetaKey, outerTheta);
    String typeKey = rope.has("rope_type") ? "rope_type" : "type";
    return switch (rope.string(typeKey, "default")) {
      case "default" -> unscaled(theta);
      case "linear" -> new RopeParameters(theta, Type.LINEAR, factor(rope), 1, 1, 0, List.of());
      case "llama3" -> llama3(theta, rope);
      case "divided" ->
          new RopeParameters(theta, Type.DIVIDED, 1, 1, 1, 0, rope.requiredDoubles("divisors"));
      default ->
          throw rope.wrong(typeKey, "\"default\", \"linear\" or \"llama3\"; use another model");
    };
  }

  /** Radians per position, {@code [rotaryDim / 2]}. */
  public double[] inverseFrequencies(int rotaryDim) {
    double[] frequencies = Rope.inverseFrequencies(theta, rotaryDim);
    return switch (type) {
      case DEFAULT -> frequencies;
      case LINEAR -> Arrays.stream(frequencies).map(frequency -> frequency / factor).toArray();
      case LLAMA3 ->
          Rope.llama3Scaled(
              frequencies, factor, lowFreqFactor, highFreqFactor, originalMaxPositionEmbeddings);
      case DIVIDED -> divided(frequencies);
    };
  }

  private double[] divided(double[] frequencies) {
    if (divisors.size() != frequencies.length) {
      throw new InputException(
          "the model's rotary frequencies are "
              + frequencies.length
              + ", but rope_parameters.divisors are "
              + divisors.size());
    }
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] /= divisors.get(i);
    }
    return frequencies;
  }

  private static RopeParameters unscaled(double theta) {
    return new RopeParameters(theta, Type.DEFAULT, 1, 1, 1, 0, List.of());
  }

  private static RopeParameters llama3(double theta, ModelConfig rope) {
    double factor = factor(rope);
    double low = rope.requiredDouble("low_freq_factor");
    double high = rope.requiredDouble("high_freq_factor");
    positive(rope, "low_freq_factor", low);
    if (high <= low) {
      throw rope.wrong("high_freq_factor", "a number above low_freq_factor (" + low + ")");
    }
    int original = rope.requiredInt("original_max_position_embeddings");
    return new RopeParameters(theta, Type.LLAMA3, factor, low, high, original, List.of());
  }

  private static double factor(ModelConfig rope) {
    double factor = rope.requiredDouble("factor");
    if (factor < 1) {
      throw rope.wrong("factor", "a number of at least 1");
    }
    return factor;
  }

  private static double positive(ModelConfig config, String key, double value) {
    if (value <= 0) {
      throw config.wrong(key, "a number above 0");
    }
    return value;
  }
}
