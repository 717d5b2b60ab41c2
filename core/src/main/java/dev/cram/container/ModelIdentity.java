package dev.cram.container;

/**
 * The model that vectors belong to; they mean nothing to any other.
 *
 * @param modelId the name a user knows the model by
 * @param weightFingerprint identifies the weights, equal only for equal weights
 * @param tokenizerFingerprint identifies the tokenizer, equal only for equal tokenizers
 * @param width width d of the input embeddings, at least 1
 */
public record ModelIdentity(
    String modelId, String weightFingerprint, String tokenizerFingerprint, int width) {

  public ModelIdentity {
    if (modelId.isBlank() || weightFingerprint.isBlank() || tokenizerFingerprint.isBlank()) {
      throw new IllegalArgumentException("a model without a name or a fingerprint");
    }
    if (width < 1) {
      throw new IllegalArgumentException("a width of " + width + ", expected at least 1");
    }
  }
}
