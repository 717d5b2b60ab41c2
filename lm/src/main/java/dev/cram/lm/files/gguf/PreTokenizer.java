package dev.cram.lm.files.gguf;

import com.google.gson.JsonPrimitive;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How byte-level BPE first cuts a text into words, across which nothing is merged: what {@code
 * tokenizer.ggml.pre} names. A file has the name only; the patterns are part of its meaning.
 */
enum PreTokenizer {
  /** What llama.cpp does with files that do not say. */
  DEFAULT(
      List.of("default"),
      false,
      false,
      split("[\\p{P}\\$\\+<=>\\^~\\|]+"),
      split(Patterns.GPT2),
      split("\\p{N}+"),
      split("[0-9][0-9][0-9]"),
      byteLevel(false)),
  GPT2(List.of("gpt-2", "phi-2", "mpt", "olmo"), false, false, byteLevel(true)),
  /** GPT-2's words, and every digit by itself. */
  SINGLE_DIGITS(
      List.of("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone"),
      false,
      false,
      "{\"type\":\"Digits\",\"individual_digits\":true}",
      byteLevel(true)),
  LLAMA3(
      List.of("llama-bpe", "llama3", "llama-v3", "falcon3"),
      false,
      true,
      split(Patterns.LETTERS + "|\\p{N}{1,3}|" + Patterns.REST),
      byteLevel(false)),
  QWEN2(
      List.of("qwen2", "deepseek-r1-qwen"),
      true,
      false,
      split(Patterns.LETTERS + "|\\p{N}|" + Patterns.REST),
      byteLevel(false));

  /** Turns bytes into printable characters and back. */
  static final String BYTE_LEVEL = byteLevel(true);

  private static final String KEY = "tokenizer.ggml.pre";

  private final List<String> names;
  private final boolean composes;
  private final boolean ignoresMerges;
  private final List<String> steps;

  PreTokenizer(List<String> names, boolean composes, boolean ignoresMerges, String... steps) {
    this.names = names;
    this.composes = composes;
    this.ignoresMerges = ignoresMerges;
    this.steps = List.of(steps);
  }

  /** Parts of the words' patterns. */
  private static final class Patterns {
    static final String GPT2 =
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)";
    static final String LETTERS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
    static final String REST = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  }

  private static String split(String pattern) {
    return "{\"type\":\"Split\",\"pattern\":{\"Regex\":"
        + new JsonPrimitive(pattern)
        + "},\"behavior\":\"Isolated\",\"invert\":false}";
  }

  private static String byteLevel(boolean cutsLikeGpt2) {
    return "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":"
        + cutsLikeGpt2
        + "}";
  }

  /**
   * The pre-tokenizer of a file; {@link #DEFAULT} if it names none.
   *
   * @throws dev.cram.lm.InputException if it names another one
   */
  static PreTokenizer of(GgufMetadata metadata) {
    String name = metadata.string(KEY, "default");
    return Arrays.stream(values())
        .filter(known -> known.names.contains(name))
        .findFirst()
        .orElseThrow(() ->
            metadata.wrong(
                KEY,
                "one of "
                    + Arrays.stream(values())
                        .flatMap(known -> known.names.stream())
                        .sorted()
                        .collect(Collectors.joining(", "))));
  }

  /** Whether a word that is a token stays whole even where no merges lead to it. */
  boolean ignoresMerges() {
    return ignoresMerges;
  }

  /** The {@code normalizer} of a tokenizer.json: composes characters, or null. */
  String normalizerJson() {
    return composes ? "{\"type\":\"NFC\"}" : "null";
  }

  /** The {@code pre_tokenizer} of a tokenizer.json. */
  String json() {
    return "{\"type\":\"Sequence\",\"pretokenizers\":[" + String.join(",", steps) + "]}";
  }
}
