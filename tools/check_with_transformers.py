#!/usr/bin/env python3
"""Decode a .cram file with transformers instead of Cram and compare with the original's checksum.

usage: check_with_transformers.py FILE.cram MODEL        (needs torch, transformers, safetensors; for GGUF also gguf and accelerate)

MODEL is a Hugging Face model directory or a GGUF file: the model that the file was made with. The vectors of each segment go in as
`inputs_embeds`, in float32, and tokens are decoded greedily with a cache, as docs/format.md says. Exits with 1 if the text is another.
"""
import hashlib, os, sys, time, zlib
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

if len(sys.argv) != 3:
    sys.exit(__doc__)
path, model_path = sys.argv[1:]
with safe_open(path, "pt") as file:
    meta = file.metadata()
    tensors = {name: file.get_tensor(name) for name in file.keys()}
if meta["cram.version"] not in ("1", "2") or meta["cram.precision"] != "f32":
    sys.exit(f"{path}: is version {meta['cram.version']} in {meta['cram.precision']}, expected version 1 or 2 in f32")
segments = len(tensors.get("segment.tokens", []))
widths = tensors.get("segment.vectors", torch.ones(segments, dtype=torch.int32)).tolist()
bits = int(meta.get("cram.vector_bits", 32))
if bits < 32 and segments:
    rows = tensors["vectors.packed"][..., None] >> torch.arange(8) & 1
    rows = rows.flatten(1)[:, : int(meta["cram.width"]) * bits].unflatten(1, (-1, bits))
    tensors["vectors"] = tensors["vectors.scale"].float()[:, None] * (2 * (rows << torch.arange(bits)).sum(-1) + 1 - 2**bits)

folder, options = model_path, {}
if os.path.isfile(model_path):
    folder, name = os.path.split(os.path.abspath(model_path))
    options = {"gguf_file": name}
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **options).eval()
tokenizer = AutoTokenizer.from_pretrained(folder, **options)
embedding = model.get_input_embeddings()
if embedding.weight.dtype != torch.float32 or embedding.weight.shape[1] != int(meta["cram.width"]):
    sys.exit(f"{model_path}: has embeddings {embedding.weight.dtype} {tuple(embedding.weight.shape)}, expected float32 of width {meta['cram.width']}")


@torch.no_grad()
def decode(vectors, count, patches):
    """Tokens, and the smallest difference between the two largest logits where there is no patch."""
    tokens, cache, rows, margin = [], None, vectors, float("inf")
    while len(tokens) < count:
        step = model(inputs_embeds=rows[None], past_key_values=cache, use_cache=True)
        cache = step.past_key_values
        best, second = step.logits[0, -1].topk(2).values.tolist()
        if len(tokens) in patches:
            token = patches[len(tokens)]
        else:
            token = step.logits[0, -1].argmax().item()
            margin = min(margin, best - second)
        tokens.append(token)
        rows = embedding(torch.tensor([token]))
    return tokens, margin


patches = {}
for segment, position, token in tensors.get("patches", torch.empty(0, 3)).tolist():
    patches.setdefault(segment, {})[position] = token
raw = tensors["raw"].numpy().tobytes() if "raw" in tensors else b""
if meta["cram.raw_encoding"] == "zlib":
    raw = zlib.decompress(raw)

start = time.time()
restored, segment, row, total = b"", 0, 0, 0
for kind, count in tensors.get("pieces", torch.empty(0, 2)).tolist():
    if kind == 0:
        restored, raw = restored + raw[:count], raw[count:]
        continue
    tokens = []
    for segment in range(segment, segment + count):
        end = row + widths[segment]
        length = tensors["segment.tokens"][segment].item()
        decoded, margin = decode(tensors["vectors"][row:end], length, patches.get(segment, {}))
        print(f"segment {segment}: {end - row} vectors, {length} tokens, {len(patches.get(segment, {}))} patches, "
              f"margin {margin:.4f} (Cram's {tensors['segment.margin'][segment].item():.4f}): {tokenizer.decode(decoded)!r}")
        if "segment.crc32" in tensors:
            crc = zlib.crc32(torch.tensor(decoded, dtype=torch.int32).numpy().tobytes())
            assert crc == tensors["segment.crc32"][segment].item() & 0xFFFFFFFF, f"segment {segment} is not what it was"
        tokens += decoded
        row = end
    segment += 1
    total += len(tokens)
    restored += tokenizer.decode(tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False).encode()

same = hashlib.sha256(restored).hexdigest() == meta["cram.original_sha256"]
print(f"{path}: {total} tokens in {time.time() - start:.1f} s, {'the same text as the original' if same else 'NOT the original text'}")
sys.exit(0 if same else 1)
