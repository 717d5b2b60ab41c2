package dev.cram.lm.files.gguf;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonWriter;
import dev.cram.lm.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes the {@code tokenizer.json} that does what llama.cpp does with the tokenizer of a GGUF
 * file.
 *
 * <p>There are two kinds: byte-level BPE with its merges ({@code tokenizer.ggml.model} "gpt2"), and
 * SentencePiece ("llama"), whose pieces have scores.
 */
final class GgufTokenizer {
  private static final String PREFIX = "tokenizer.ggml.";
  static final String TOKENS = PREFIX + "tokens";

  // The token types of llama.cpp. An unused token only fills the vocabulary up.
  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;

  private final GgufMetadata metadata;
  private final List<String> tokens;
  private final int[] types;
  private final JsonWriter json;

  private GgufTokenizer(GgufMetadata metadata, JsonWriter json) {
    this.metadata = metadata;
    this.json = json;
    tokens = metadata.strings(TOKENS);
    types = types(metadata, tokens.size());
  }

  private static int[] types(GgufMetadata metadata, int count) {
    String key = PREFIX + "token_type";
    if (!metadata.has(key)) {
      int[] types = new int[count];
      Arrays.fill(types, NORMAL);
      return types;
    }
    int[] types = metadata.ints(key);
    if (types.length != count) {
      throw metadata.wrong(key, "as many elements as " + TOKENS + " has (" + count + ")");
    }
    return types;
  }

  /**
   * @return a tokenizer.json, the same bytes whenever the metadata are the same
   * @throws InputException if the metadata hold no tokenizer, or one of another kind
   */
  static byte[] json(GgufMetadata metadata) {
    String model = metadata.requiredString(PREFIX + "model");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonWriter json = new JsonWriter(new OutputStreamWriter(bytes, StandardCharsets.UTF_8))) {
      json.setStrictness(Strictness.STRICT);
      json.setHtmlSafe(false);
      GgufTokenizer tokenizer = new GgufTokenizer(metadata, json);
      switch (model) {
        case "gpt2" -> tokenizer.writeByteLevel();
        case "llama" -> tokenizer.writeSentencePiece();
        default ->
            throw metadata.wrong(
                PREFIX + "model", "gpt2 (byte-level BPE) or llama (SentencePiece)");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private void writeByteLevel() throws IOException {
    PreTokenizer preTokenizer = PreTokenizer.of(metadata);
    List<Merge> merges = new ArrayList<>();
    for (String merge : metadata.strings(PREFIX + "merges")) {
      int blank = merge.indexOf(' ', 1);
      if (blank < 0 || blank == merge.length() - 1) {
        throw new InputException(
            metadata.file()
                + ": "
                + PREFIX
                + "merges holds "
                + GgufHeader.quote(merge)
                + ", expected two tokens with a blank between them; convert the model again");
      }
      merges.add(new Merge(merge.substring(0, blank), merge.substring(blank + 1)));
    }
    json.beginObject();
    writeAddedTokens();
    json.name("normalizer").jsonValue(preTokenizer.normalizerJson());
    json.name("pre_tokenizer").jsonValue(preTokenizer.json());
    json.name("decoder").jsonValue(PreTokenizer.BYTE_LEVEL);
    writeModel(merges, false, preTokenizer.ignoresMerges());
    json.endObject();
  }

  private void writeSentencePiece() throws IOException {
    float[] scores = metadata.floats(PREFIX + "scores");
    if (scores.length != tokens.size()) {
      throw metadata.wrong(
          PREFIX + "scores", "as many elements as " + TOKENS + " has (" + tokens.size() + ")");
    }
    boolean blankInFront = metadata.bool(PREFIX + "add_space_prefix", true);
    String blanksToMarks =
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\u2581\"}";
    String marksToBlanks =
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\u2581\"},\"content\":\" \"}";
    json.beginObject();
    writeAddedTokens();
    json.name("normalizer")
        .jsonValue(
            blankInFront
                ? "{\"type\":\"Sequence\",\"normalizers\":["
                    + "{\"type\":\"Prepend\",\"prepend\":\"\u2581\"},"
                    + blanksToMarks
                    + "]}"
                : blanksToMarks);
    json.name("pre_tokenizer").nullValue();
    json.name("decoder")
        .jsonValue(
            "{\"type\":\"Sequence\",\"decoders\":["
                + marksToBlanks
                + ",{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}"
                + (blankInFront
                    ? ",{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}"
                    : "")
                + "]}");
    Map<String, Integer> pieces = LinkedHashMap.newLinkedHashMap(tokens.size());
    for (int id = 0; id < tokens.size(); id++) {
      if (types[id] == NORMAL) {
        if (tokens.get(id).length() > Merge.LONGEST) {
          throw metadata.wrong(TOKENS, "normal tokens of at most " + Merge.LONGEST + " characters");
        }
        pieces.put(tokens.get(id), id);
      }
    }
    writeModel(Merge.ofScores(pieces, scores), true, false);
    json.endObject();
  }

  /** The token for what no other token can say, or null. */
  private String unknownToken() {
    int id = metadata.optionalInt(PREFIX + "unknown_token_id", tokens.size());
    for (int other = 0; id >= tokens.size() && other < tokens.size(); other++) {
      id = types[other] == UNKNOWN ? other : id;
    }
    return id < tokens.size() ? tokens.get(id) : null;
  }

  /** What comes before the model, and the tokens that text is first searched for. */
  private void writeAddedTokens() throws IOException {
    json.name("version").value("1.0");
    json.name("truncation").nullValue();
    json.name("padding").nullValue();
    json.name("added_tokens").beginArray();
    for (int id = 0; id < tokens.size(); id++) {
      if (types[id] == UNKNOWN || types[id] == CONTROL || types[id] == USER_DEFINED) {
        json.beginObject();
        json.name("id").value(id);
        json.name("content").value(tokens.get(id));
        json.name("single_word").value(false);
        json.name("lstrip").value(false);
        json.name("rstrip").value(false);
        json.name("normalized").value(false);
        json.name("special").value(types[id] != USER_DEFINED);
        json.endObject();
      }
    }
    json.endArray();
    writePostProcessor();
  }

  /** The tokens that stand around a text where a reader asks for special tokens. */
  private void writePostProcessor() throws IOException {
    String before = markerToken("add_bos_token", "bos_token_id");
    String after = markerToken("add_eos_token", "eos_token_id");
    json.name("post_processor");
    if (before == null && after == null) {
      json.nullValue();
      return;
    }
    json.beginObject();
    json.name("type").value("TemplateProcessing");
    json.name("single").beginArray();
    writeTemplate(before, "A", after);
    json.endArray();
    json.name("pair").beginArray();
    writeTemplate(before, "A", after);
    writeTemplate(before, "B", after);
    json.endArray();
    json.name("special_tokens").beginObject();
    for (String token : new String[] {before, before == after ? null : after}) {
      if (token != null) {
        json.name(token).beginObject();
        json.name("id").value(token);
        json.name("ids").beginArray().value(tokens.indexOf(token)).endArray();
        json.name("tokens").beginArray().value(token).endArray();
        json.endObject();
      }
    }
    json.endObject();
    json.endObject();
  }

  private String markerToken(String flag, String idKey) {
    int id = metadata.optionalInt(PREFIX + idKey, tokens.size());
    return metadata.bool(PREFIX + flag, false) && id < tokens.size() ? tokens.get(id) : null;
  }

  private void writeTemplate(String before, String sequence, String after) throws IOException {
    int type = sequence.equals("A") ? 0 : 1;
    writeTemplatePart("SpecialToken", before, type);
    writeTemplatePart("Sequence", sequence, type);
    writeTemplatePart("SpecialToken", after, type);
  }

  private void writeTemplatePart(String kind, String id, int type) throws IOException {
    if (id != null) {
      json.beginObject().name(kind).beginObject();
      json.name("id").value(id);
      json.name("type_id").value(type);
      json.endObject().endObject();
    }
  }

  /** SentencePiece has tokens for bytes, and one for what no other token can say. */
  private void writeModel(List<Merge> merges, boolean sentencePiece, boolean ignoreMerges)
      throws IOException {
    json.name("model").beginObject();
    json.name("type").value("BPE");
    json.name("dropout").nullValue();
    json.name("unk_token").value(sentencePiece ? unknownToken() : null);
    json.name("continuing_subword_prefix").nullValue();
    json.name("end_of_word_suffix").nullValue();
    json.name("fuse_unk").value(sentencePiece);
    json.name("byte_fallback").value(sentencePiece);
    json.name("ignore_merges").value(ignoreMerges);
    json.name("vocab").beginObject();
    Map<String, Integer> vocabulary = LinkedHashMap.newLinkedHashMap(tokens.size());
    for (int id = 0; id < tokens.size(); id++) {
      if (types[id] != UNUSED && !tokens.get(id).isEmpty()) {
        vocabulary.put(tokens.get(id), id);
      }
    }
    for (Map.Entry<String, Integer> token : vocabulary.entrySet()) {
      json.name(token.getKey()).value(token.getValue());
    }
    json.endObject();
    json.name("merges").beginArray();
    for (Merge merge : merges) {
      json.beginArray().value(merge.left()).value(merge.right()).endArray();
    }
    json.endArray();
    json.endObject();
  }
}
