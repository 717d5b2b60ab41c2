#!/usr/bin/env python3
"""Make the safetensors test vector and print what the tests of dev.cram.lm.files compare with.

usage: make_file_vectors.py LM_TEST_RESOURCES        (needs torch, safetensors)

Writes vectors/python.safetensors there with the Python library, and prints the weight fingerprint of each model in
fixtures/, as the Javadoc of Weights.fingerprint() describes it, from an implementation of its own.
"""
import hashlib, json, pathlib, struct, sys
import torch
from safetensors.torch import save_file

if len(sys.argv) != 2:
    sys.exit(__doc__)
resources = pathlib.Path(sys.argv[1])
numbers = [0.0, -0.0, 1.0, -2.5, 0.333251953125, 65504.0, 6.103515625e-05, 5.960464477539063e-08, -5.960464477539063e-08]
save_file({
    "f32": torch.tensor(numbers).reshape(3, 3),
    "f16": torch.tensor(numbers, dtype=torch.float16).reshape(3, 3),
    "bf16": torch.tensor([0.0, -0.0, 1.0, -2.5, 0.333984375, 3.3895313892515355e38, 9.183549615799121e-41], dtype=torch.bfloat16),
    "i64": torch.tensor([1, -1, 2**62]),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(7.5),
    "none": torch.zeros(0, 4),
    "größe/重み😀": torch.arange(4, dtype=torch.int32).reshape(2, 1, 2),
}, resources / "vectors" / "python.safetensors", metadata={"format": "pt", "note": "tab\there, \"quotes\", 重み😀"})


def fingerprint(path):
    raw = path.read_bytes()
    size, = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8:8 + size])
    header.pop("__metadata__", None)
    digest = hashlib.sha256()
    for name in sorted(header, key=lambda n: n.encode()):
        entry = header[name]
        digest.update(name.encode() + b"\0" + entry["dtype"].encode() + b"\0")
        digest.update(",".join(map(str, entry["shape"])).encode() + b"\0")
        begin, end = entry["data_offsets"]
        data = raw[8 + size + begin:8 + size + end]
        if len(data) < 65536:
            digest.update(data)
        else:
            for i in range(16):
                at = i * (len(data) - 4096) // 15
                digest.update(data[at:at + 4096])
    return digest.hexdigest()


for model in sorted((resources / "fixtures").iterdir()):
    print(model.name, fingerprint(model / "model.safetensors"))
print("cram-tiny", fingerprint(resources.parent.parent / "main/resources/dev/cram/lm/models/cram-tiny/model.safetensors"))
