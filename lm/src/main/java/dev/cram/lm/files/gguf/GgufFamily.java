package dev.cram.lm.files.gguf;

import dev.cram.lm.InputException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The model families that are read from GGUF files: what Hugging Face calls them and their weights.
 */
enum GgufFamily {
  LLAMA("llama", "llama", llamaNames(Map.of("ffn_norm", "post_attention_layernorm"))),
  QWEN2("qwen2", "qwen2", llamaNames(Map.of("ffn_norm", "post_attention_layernorm"))),
  QWEN3(
      "qwen3",
      "qwen3",
      llamaNames(
          Map.of(
              "ffn_norm", "post_attention_layernorm",
              "attn_q_norm", "self_attn.q_norm",
              "attn_k_norm", "self_attn.k_norm"))),
  GEMMA3(
      "gemma3",
      "gemma3_text",
      llamaNames(
          Map.of(
              "post_attention_norm", "post_attention_layernorm",
              "ffn_norm", "pre_feedforward_layernorm",
              "post_ffw_norm", "post_feedforward_layernorm",
              "attn_q_norm", "self_attn.q_norm",
              "attn_k_norm", "self_attn.k_norm"))),
  GPT2(
      "gpt2",
      "gpt2",
      Map.ofEntries(
          Map.entry("token_embd", "transformer.wte"),
          Map.entry("position_embd", "transformer.wpe"),
          Map.entry("output_norm", "transformer.ln_f"),
          Map.entry("output", "lm_head"),
          Map.entry("blk", "transformer.h"),
          Map.entry("attn_norm", "ln_1"),
          Map.entry("attn_qkv", "attn.c_attn"),
          Map.entry("attn_output", "attn.c_proj"),
          Map.entry("ffn_norm", "ln_2"),
          Map.entry("ffn_up", "mlp.c_fc"),
          Map.entry("ffn_down", "mlp.c_proj")));

  private static final Pattern IN_BLOCK = Pattern.compile("blk\\.(\\d+)\\.([a-z0-9_]+)\\.([a-z]+)");
  private static final Pattern OUTSIDE = Pattern.compile("([a-z0-9_]+)\\.([a-z]+)");

  private final String architecture;
  private final String modelType;
  private final Map<String, String> names;

  GgufFamily(String architecture, String modelType, Map<String, String> names) {
    this.architecture = architecture;
    this.modelType = modelType;
    this.names = names;
  }

  private static Map<String, String> llamaNames(Map<String, String> additional) {
    Map<String, String> names =
        new HashMap<>(
            Map.ofEntries(
                Map.entry("token_embd", "model.embed_tokens"),
                Map.entry("output_norm", "model.norm"),
                Map.entry("output", "lm_head"),
                Map.entry("blk", "model.layers"),
                Map.entry("attn_norm", "input_layernorm"),
                Map.entry("attn_q", "self_attn.q_proj"),
                Map.entry("attn_k", "self_attn.k_proj"),
                Map.entry("attn_v", "self_attn.v_proj"),
                Map.entry("attn_output", "self_attn.o_proj"),
                Map.entry("ffn_gate", "mlp.gate_proj"),
                Map.entry("ffn_up", "mlp.up_proj"),
                Map.entry("ffn_down", "mlp.down_proj")));
    names.putAll(additional);
    return Map.copyOf(names);
  }

  /**
   * The family of a file.
   *
   * @throws InputException if it is none of these
   */
  static GgufFamily of(GgufMetadata metadata) {
    String found = metadata.requiredString("general.architecture");
    return Arrays.stream(values())
        .filter(family -> family.architecture.equals(found))
        .findFirst()
        .orElseThrow(() ->
            new InputException(
                metadata.file()
                    + ": general.architecture \""
                    + found
                    + "\" is not supported in GGUF files; supported are: "
                    + Arrays.stream(values())
                        .map(family -> family.architecture)
                        .sorted()
                        .collect(Collectors.joining(", "))));
  }

  /** The family's {@code general.architecture}, with which its metadata keys begin. */
  String architecture() {
    return architecture;
  }

  /** Hugging Face's {@code model_type}. */
  String modelType() {
    return modelType;
  }

  /**
   * Hugging Face's name of a weight.
   *
   * @param tensor its name in the file, such as {@code blk.0.attn_q.weight}
   * @return such as {@code model.layers.0.self_attn.q_proj.weight}, or empty if the family has no
   *     such weight
   */
  Optional<String> weightName(String tensor) {
    Matcher inBlock = IN_BLOCK.matcher(tensor);
    if (inBlock.matches() && names.containsKey(inBlock.group(2))) {
      return Optional.of(
          names.get("blk")
              + "."
              + inBlock.group(1)
              + "."
              + names.get(inBlock.group(2))
              + "."
              + inBlock.group(3));
    }
    Matcher outside = OUTSIDE.matcher(tensor);
    if (outside.matches() && names.containsKey(outside.group(1))) {
      return Optional.of(names.get(outside.group(1)) + "." + outside.group(2));
    }
    return Optional.empty();
  }
}
