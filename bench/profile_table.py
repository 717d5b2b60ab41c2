#!/usr/bin/env python3
"""Sums the lines of `perf report --sort sym` up by what they are part of, as a Markdown table."""
import re
import sys

GROUPS = [
    ("products with frozen weights", r"brgemm"),
    ("attention's products", r"sgemm|gemm_f32|_copy_[ab][nt]_kern"),
    ("attention's softmax", r"Attention\.(softmax|dSoftmax|fill|clear)|Attention\.probabilities"),
    ("scan and convolution", r"SelectiveScan|CausalConvolution|Softplus"),
    ("activations", r"SwiGlu|GeGlu|Activation"),
    ("norms", r"RmsNorm|LayerNorm"),
    ("sums of residuals and branches", r"\.Sum\."),
    ("rounding to bfloat16", r"BFloat16"),
    ("cross-entropy", r"CrossEntropy"),
    ("exponentials of softmax and loss", r"Exponential"),
    ("rotary positions", r"Rope"),
    ("waiting for the other thread", r"Workers\.(serve|run|takeParts)"),
    ("the compiler and the collector", r"libjvm|\[\.\] [A-Z]\w*::|Phase|Compile"),
]
LINE = re.compile(r"\s*([\d.]+)%\s+(.*\S)")


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: profile_table.py REPORT [symbols]")
    sums = dict.fromkeys([name for name, _ in GROUPS] + ["the rest"], 0.0)
    symbols = []
    with open(sys.argv[1], encoding="utf-8", errors="replace") as report:
        for line in report:
            match = LINE.match(line)
            if line.startswith("#") or not match:
                continue
            share, symbol = float(match[1]), match[2]
            group = next((name for name, pattern in GROUPS if re.search(pattern, symbol)), "the rest")
            sums[group] += share
            symbols.append((share, group, symbol))
    print("| part of the step | share of the samples |\n|---|---:|")
    for name, share in sorted(sums.items(), key=lambda item: -item[1]):
        if share >= 0.05:
            print(f"| {name} | {share:.1f}% |")
    if len(sys.argv) > 2:
        print("\n| share | part | symbol |\n|---:|---|---|")
        for share, group, symbol in symbols:
            if share >= 0.3:
                print(f"| {share:.1f}% | {group} | `{symbol}` |")


if __name__ == "__main__":
    main()
