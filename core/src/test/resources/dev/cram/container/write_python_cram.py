"""Writes python.cram (version 1) and small.cram (version 2, small vectors) beside itself with Hugging Face's safetensors.

Follows docs/format.md alone, so that Cram's reader is held against the specification and not against Cram's writer.
"""

import hashlib
import zlib
from pathlib import Path

import ml_dtypes
import numpy
from safetensors.numpy import save


def write(name, tensors, metadata):
    blank = save(tensors, metadata | {"cram.checksum": "0" * 64})
    digest = hashlib.sha256(blank).hexdigest()
    Path(__file__).with_name(name).write_bytes(blank.replace(b'"%s"' % (b"0" * 64), b'"%s"' % digest.encode()))


def common(version, original):
    return {
        "cram.version": version,
        "cram.model": "mod\u00e8le",
        "cram.weight_fingerprint": "ab",
        "cram.tokenizer_fingerprint": "cd",
        "cram.width": "3",
        "cram.precision": "bf16",
        "cram.convention": "predict-all",
        "cram.recipe": "",
        "cram.seed": "-9223372036854775808",
        "cram.original_bytes": str(len(original)),
        "cram.original_sha256": hashlib.sha256(original).hexdigest(),
        "cram.raw_encoding": "stored",
    }


raw = bytes(range(256))
original = b"x" * 40 + raw + b"y" * 4
write(
    "python.cram",
    {
        "pieces": numpy.array([[1, 2], [0, 256], [1, 1]], numpy.int64),
        "vectors": numpy.arange(12, dtype=numpy.float32).reshape(4, 3) / 8,
        "segment.tokens": numpy.array([10, 5, 2], numpy.int32),
        "segment.vectors": numpy.array([1, 2, 1], numpy.int32),
        "segment.steps": numpy.array([7, 0, 900], numpy.int32),
        "segment.margin": numpy.array([0.5, 0.0, numpy.inf], numpy.float32),
        "patches": numpy.array([[0, 9, 4095], [2, 0, 1], [2, 1, 0]], numpy.int32),
        "raw": numpy.frombuffer(raw, numpy.uint8),
    },
    common("1", original),
)

# Three elements of 3 bits take 9 of 16 bits: the last code lies across two bytes.
BITS = 3
codes = [[0, 7, 5], [3, 4, 6]]
rows = []
for vector in codes:
    row = sum(code << BITS * i for i, code in enumerate(vector))
    rows.append(list(row.to_bytes(2, "little")))
tokens = [[1, 2, 70000], [4095] * 300]
original = b"z" * 9
write(
    "small.cram",
    {
        "pieces": numpy.array([[1, 2]], numpy.int64),
        "vectors.packed": numpy.array(rows, numpy.uint8),
        "vectors.scale": numpy.array([0.5, 0.25], ml_dtypes.bfloat16),
        "segment.tokens": numpy.array([len(ids) for ids in tokens], numpy.uint16),
        "segment.steps": numpy.array([7, 200], numpy.uint8),
        "segment.margin": numpy.array([0.5, 1.5], numpy.float32),
        "segment.crc32": numpy.array([zlib.crc32(numpy.array(ids, "<i4").tobytes()) for ids in tokens], numpy.uint32).view(numpy.int32),
        "segment.bytes": numpy.array([4, 5], numpy.int32),
    },
    common("2", original)
    | {
        "cram.vector_bits": str(BITS),
        "cram.verified.program": "python",
        "cram.verified.kernels": "none",
        "cram.verified.lanes": "0",
    },
)
