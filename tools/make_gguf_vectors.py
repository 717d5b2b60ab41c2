#!/usr/bin/env python3
"""Make the GGUF test vectors with the `gguf` package, and say what other implementations make of them.

usage: make_gguf_vectors.py LM_TEST_RESOURCES        (needs numpy, gguf, safetensors, tokenizers, transformers, sentencepiece)

Writes into gguf/ there:
  types.gguf, types.safetensors   a tensor of every format with random blocks, and what gguf.quants decodes it to
  <fixture>.gguf                  a model of fixtures/ in F32, converted as llama.cpp's convert_hf_to_gguf.py does
  <tokenizer>.gguf                a small tokenizer without a model
  tokenizers.json                 what tokenizers, transformers and sentencepiece encode TEXTS to with each of these
and prints the weight fingerprints of the models, from an implementation of its own.
"""
import hashlib, io, json, pathlib, sys
import gguf, numpy, sentencepiece
from gguf import GGMLQuantizationType as Type
from safetensors.numpy import load_file, save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Tokenizer, Qwen2Tokenizer
from transformers.convert_slow_tokenizer import TikTokenConverter

if len(sys.argv) != 2:
    sys.exit(__doc__)
resources = pathlib.Path(sys.argv[1])
out = resources / "gguf"
out.mkdir(exist_ok=True)
random = numpy.random.default_rng(5)

# ---- formats

ROWS = 3
types = [Type.F32, Type.F16, Type.BF16, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q4_K, Type.Q5_K, Type.Q6_K]
# Where a block has its float16 scales; random bits there would be infinities now and then.
scales = {Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208]}
writer = gguf.GGUFWriter(out / "types.gguf", "llama")
decoded = {}
for kind in types:
    block, size = gguf.GGML_QUANT_SIZES[kind]
    cols = 2 * block if block > 1 else 64
    if block == 1:
        values = random.standard_normal((ROWS, cols)).astype(numpy.float32)
        values[0, :4] = [0.0, -0.0, 65504.0, 2.0 ** -24]
        data = gguf.quants.quantize(values, kind)
    else:
        data = random.integers(0, 256, (ROWS, cols // block, size), dtype=numpy.uint8)
        for at in scales[kind]:
            halves = (random.standard_normal((ROWS, cols // block)) * 0.01).astype(numpy.float16)
            data[:, :, at:at + 2] = halves.view(numpy.uint8).reshape(ROWS, cols // block, 2)
        data = data.reshape(ROWS, -1)
    decoded[kind.name] = gguf.quants.dequantize(data, kind).astype(numpy.float32).reshape(ROWS, cols)
    writer.add_tensor(kind.name, data, raw_dtype=kind)
writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.write_tensors_to_file(); writer.close()
save_file(decoded, out / "types.safetensors")

# ---- models

def permute(weight, heads):
    """What convert_hf_to_gguf.py does to queries and keys of Llama: the rows of a rotated pair next to each other."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)

def llama3_factors(rope, head_dim):
    frequencies = rope["rope_theta"] ** -(numpy.arange(0, head_dim, 2, dtype=numpy.float32) / head_dim)
    factor, low, high, old = (rope[k] for k in ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"))
    factors = []
    for wavelength in 2 * numpy.pi / frequencies:
        smooth = (old / wavelength - low) / (high - low)
        factors.append(1 if wavelength < old / high else factor if wavelength > old / low else 1 / ((1 - smooth) / factor + smooth))
    return numpy.array(factors, dtype=numpy.float32)

def model(name, arch):
    folder = resources / "fixtures" / name
    config = json.loads((folder / "config.json").read_text())
    weights = load_file(folder / "model.safetensors")
    writer = gguf.GGUFWriter(out / f"{name}.gguf", gguf.MODEL_ARCH_NAMES[arch])
    gpt2 = arch == gguf.MODEL_ARCH.GPT2
    layers = config["n_layer" if gpt2 else "num_hidden_layers"]
    heads = config["n_head" if gpt2 else "num_attention_heads"]
    writer.add_block_count(layers)
    writer.add_context_length(config["n_positions" if gpt2 else "max_position_embeddings"])
    writer.add_embedding_length(config["n_embd" if gpt2 else "hidden_size"])
    writer.add_feed_forward_length(4 * config["n_embd"] if gpt2 else config["intermediate_size"])
    writer.add_head_count(heads)
    if gpt2:
        writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    else:
        rope = config["rope_parameters"]
        writer.add_head_count_kv(config["num_key_value_heads"])
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
        writer.add_rope_freq_base(rope.get("full_attention", rope)["rope_theta"])
        if config.get("head_dim"):
            writer.add_key_length(config["head_dim"]); writer.add_value_length(config["head_dim"])
        if rope.get("rope_type") == "llama3":
            writer.add_tensor("rope_freqs.weight", llama3_factors(rope, config.get("head_dim") or config["hidden_size"] // heads))
    if arch == gguf.MODEL_ARCH.GEMMA3:
        writer.add_sliding_window(config["sliding_window"])
        writer.add_sliding_window_pattern([kind == "sliding_attention" for kind in config["layer_types"]])
    names = gguf.get_tensor_name_map(arch, layers)
    for key, weight in weights.items():
        if key.endswith((".attn.bias", ".attn.masked_bias")):
            continue
        if arch == gguf.MODEL_ARCH.LLAMA and ".q_proj." in key:
            weight = permute(weight, heads)
        if arch == gguf.MODEL_ARCH.LLAMA and ".k_proj." in key:
            weight = permute(weight, config["num_key_value_heads"])
        if arch == gguf.MODEL_ARCH.GEMMA3 and key.endswith("norm.weight"):
            weight = weight + 1
        if gpt2 and key.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):
            weight = weight.T
        writer.add_tensor(names.get_name(key, try_suffixes=(".weight", ".bias")), numpy.ascontiguousarray(weight))
    writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.write_tensors_to_file(); writer.close()
    print(name, fingerprint(out / f"{name}.gguf"))

def fingerprint(path):
    """As the Javadoc of Weights.fingerprint() describes it."""
    digest = hashlib.sha256()
    for tensor in sorted(gguf.GGUFReader(path).tensors, key=lambda t: t.name.encode()):
        digest.update(tensor.name.encode() + b"\0" + tensor.tensor_type.name.encode() + b"\0")
        digest.update(",".join(str(size) for size in reversed(tensor.shape.tolist())).encode() + b"\0")
        data = tensor.data.tobytes()
        if len(data) < 65536:
            digest.update(data)
        else:
            for i in range(16):
                at = i * (len(data) - 4096) // 15
                digest.update(data[at:at + 4096])
    return digest.hexdigest()

A = gguf.MODEL_ARCH
for name, arch in [("llama_bias", A.LLAMA), ("llama3_rope", A.LLAMA), ("qwen2", A.QWEN2), ("qwen3", A.QWEN3), ("gemma3", A.GEMMA3), ("gpt2", A.GPT2)]:
    model(name, arch)

# ---- tokenizers

TEXTS = [
    "Hello, world!", " leading and trailing  ", "", " ", "   ", "a", "It's what we'll say; they'VE GONE, I'M SURE.",
    "The quick brown fox jumps over the lazy dog 1234567890 times, 3.14159 and 1,000,000 and 007.",
    "def f(x):\n    return x ** 2  # square\n\n\n\tif x >= 10 and y != {'a': [1, 2]}:\r\n\t\tprint(f\"{x:>8}\")\r\n",
    "line one\r\nline two\rline three\n\n\nline four   \n   five", "tabs\t\tand\u00a0no-break\u2003spaces\u200b",
    "Übergrößenträger, naïve façade, Ελληνικά, русский язык, 日本語のテキスト, 한국어, עברית, العربية, हिन्दी",
    "emoji 😀👍🏽👩‍👩‍👧‍👦🇩🇪 and ✓ ∑ ∫ √2 ≈ 1.41421356", "e\u0301 decomposed \u00e9 composed", "²³½ Ⅷ ٣٤ 四",
    "<|endoftext|>text<|im_start|>user\nhi<|im_end|>", "$100 <= 200 ~ ^caret^ | pipe `tick` a+b=c", "____ ---- .... !!!! ????",
    "https://example.org/path?query=1&other=%20#fragment", "ALLCAPS MixedCase snake_case kebab-case", "\u0000\u0001\u007f", "x" * 60,
]
CORPUS = [text for text in TEXTS * 3] + ["the of and to in is that it was for on are as with his they at be this have from or one had by word but not what all "
                                         "were we when your can said there use an each which she do how their if will up other about out many then them these so "
                                         "return def print import class for while self value index number 10 20 100 1000 2024"] * 20
result = {}

def write_tokenizer(name, model, pre, tokens, types, merges=None, scores=None, **flags):
    writer = gguf.GGUFWriter(out / f"{name}.gguf", "llama")
    writer.add_tokenizer_model(model)
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if merges:
        writer.add_token_merges(merges)
    if scores:
        writer.add_token_scores(scores)
    for key, value in flags.items():
        getattr(writer, "add_" + key)(value)
    writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.close()

special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
trained = Tokenizer(models.BPE())
trained.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
trained.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=640, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                                         special_tokens=special))
bpe = json.loads(trained.to_str())["model"]
vocabulary = bpe["vocab"]
# A word that is a token although no merges lead to it, as some of Llama 3's are, and a token that is taken from the text first.
vocabulary["Hello"] = len(vocabulary)
user_defined = "    "
vocabulary[user_defined] = len(vocabulary)
tokens = sorted(vocabulary, key=vocabulary.get)
kinds = [gguf.TokenType.CONTROL if t in special else gguf.TokenType.USER_DEFINED if t == user_defined else gguf.TokenType.NORMAL for t in tokens]
merges = [tuple(m) for m in bpe["merges"]]

def pipeline(pre_tokenizer, **options):
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, **options))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer

byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
gpt2_words = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
split = lambda pattern: pre_tokenizers.Split(Regex(pattern), "isolated")
gpt2_pattern = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"
byte_level_cases = {
    "gpt-2": GPT2Tokenizer(vocab=vocabulary, merges=merges).backend_tokenizer,
    "qwen2": Qwen2Tokenizer(vocab=vocabulary, merges=merges).backend_tokenizer,
    # The tokenizer.json of SmolLM and of Llama 3, as published by their authors.
    "smollm": pipeline(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), gpt2_words])),
    "llama-bpe": pipeline(pre_tokenizers.Sequence([split(TikTokenConverter().pattern), byte_level]), ignore_merges=True),
    # Not from Hugging Face: what llama.cpp's unicode.cpp does by default.
    "default": pipeline(pre_tokenizers.Sequence([split(r"[\p{P}\$\+<=>\^~\|]+"), split(gpt2_pattern), split(r"\p{N}+"), split("[0-9][0-9][0-9]"), byte_level])),
}
for pre, tokenizer in byte_level_cases.items():
    name = "bpe-" + pre
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in special])
    tokenizer.add_tokens([AddedToken(user_defined, normalized=False)])
    write_tokenizer(name, "gpt2", None if pre == "default" else pre, tokens, kinds, merges=[" ".join(m) for m in merges])
    result[name] = [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in TEXTS]

# With a blank put in front, llama.cpp and SentencePiece differ in what they do around user-defined tokens: only one model has such.
for name, prefix, user_defined in [("spm-prefix", True, []), ("spm-plain", False, ["\n\n", "▁▁▁"])]:
    model_bytes = io.BytesIO()
    # Sentences of the trainer may not hold line breaks or NUL.
    sentences = [part for text in CORPUS for part in text.replace("\0", "").splitlines() if part]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences), model_writer=model_bytes, vocab_size=900, model_type="bpe", byte_fallback=True, character_coverage=0.98,
        normalization_rule_name="identity", add_dummy_prefix=prefix, remove_extra_whitespaces=False, user_defined_symbols=user_defined,
        minloglevel=2)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model_bytes.getvalue())
    pieces, scores, kinds = [], [], []
    for i in range(processor.get_piece_size()):
        piece, score = processor.id_to_piece(i), processor.get_score(i)
        kind = gguf.TokenType.NORMAL
        if processor.is_unknown(i): kind = gguf.TokenType.UNKNOWN
        elif processor.is_control(i): kind = gguf.TokenType.CONTROL
        elif processor.is_byte(i): kind = gguf.TokenType.BYTE
        elif piece in user_defined:
            # convert_hf_to_gguf.py writes these as they stand in a text, and with this score.
            piece, score, kind = piece.replace("▁", " "), -1000.0, gguf.TokenType.USER_DEFINED
        pieces.append(piece); scores.append(score); kinds.append(kind)
    for pad in range(2):
        pieces.append(f"[PAD{len(pieces)}]"); scores.append(-1000.0); kinds.append(gguf.TokenType.UNUSED)
    write_tokenizer(name, "llama", "default", pieces, kinds, scores=scores, add_space_prefix=prefix, unk_token_id=processor.unk_id(),
                    bos_token_id=processor.bos_id(), eos_token_id=processor.eos_id(), add_bos_token=True, add_eos_token=False)
    result[name] = [{"text": text, "ids": processor.encode(text)} for text in TEXTS]

(out / "tokenizers.json").write_text(json.dumps(result, ensure_ascii=True, separators=(",", ":")))
