package dev.cram.lm.arch;

import static java.util.Map.entry;

import dev.cram.lm.InputException;
import dev.cram.lm.files.ModelConfig;
import dev.cram.lm.files.Weights;
import dev.cram.tensor.Precision;
import dev.cram.tensor.Workers;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.TreeMap;

/** A model family: how its configuration and weights become a {@link Network}. */
public interface Architecture {
  /**
   * Reads and packs the weights.
   *
   * @param arena owns what is packed; the weights' own memory must outlive the network too
   * @throws InputException if the configuration or a weight is missing or does not fit
   */
  Network build(
      ModelConfig config, Weights weights, Arena arena, Precision precision, Workers workers);

  /**
   * The architecture of a {@code model_type}.
   *
   * @throws InputException if it is not supported
   */
  static Architecture of(ModelConfig config) {
    Map<String, Architecture> known =
        new TreeMap<>(
            Map.ofEntries(
                entry("gemma3", new Gemma3()),
                entry("gemma3_text", new Gemma3()),
                entry("gpt2", new Gpt2()),
                entry("gpt_neox", new GptNeoX()),
                entry("llama", new Llama()),
                entry("mamba", new Mamba()),
                entry("mistral", new Mistral()),
                entry("olmo", new Olmo()),
                entry("opt", new Opt()),
                entry("qwen2", new Qwen2()),
                entry("qwen3", new Qwen3())));
    Architecture found = known.get(config.modelType());
    if (found == null) {
      throw new InputException(
          config.file()
              + ": model_type \""
              + config.modelType()
              + "\" is not supported; supported are: "
              + String.join(", ", known.keySet()));
    }
    return found;
  }
}
