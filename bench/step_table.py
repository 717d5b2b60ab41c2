#!/usr/bin/env python3
"""Merges the JSON lines of bench/run into a Markdown table.

The lines of a case alternate between the engines. A ratio is taken between the neighbours of one round, which ran
under the same conditions; the table gives the median of the rounds and, in brackets, the lowest and the highest.
"""
import json
import statistics
import sys
from collections import defaultdict


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: step_table.py FILE.jsonl")
    cases = defaultdict(lambda: defaultdict(list))
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            case = line["shape"], line["n"], line["precision"], line["threads"]
            cases[case][line["engine"]].append(line)

    print("| shape | n | precision | threads | cram ms | products ms | share of products | bytes/step | torch ms |"
          " torch / cram |")
    print("|---|---:|---|---:|---:|---:|---:|---:|---:|---:|")
    for case, engines in cases.items():
        cram, floor, torch = ([line["median_ms"] for line in engines[engine]]
                              for engine in ("cram", "products", "torch"))
        if not len(cram) == len(floor) == len(torch):
            sys.exit(f"{sys.argv[1]}: {case}: {len(cram)} lines of cram, {len(floor)} of products and {len(torch)}"
                     " of torch; run bench/run again")
        ratios = [theirs / ours for ours, theirs in zip(cram, torch)]
        shares = [products / ours for ours, products in zip(cram, floor)]
        allocated = statistics.median(line["allocated_bytes_per_step"] for line in engines["cram"])
        cells = [*case, f"{statistics.median(cram):.1f}", f"{statistics.median(floor):.1f}",
                 f"{statistics.median(shares):.0%}", f"{allocated:.0f}", f"{statistics.median(torch):.1f}",
                 f"{statistics.median(ratios):.2f}x ({min(ratios):.2f} to {max(ratios):.2f})"]
        print("| " + " | ".join(map(str, cells)) + " |")

    torch_lines = [line for engines in cases.values() for line in engines["torch"]]
    variants = sorted({line["variant"] for line in torch_lines if line["precision"] == "bf16"})
    print(f"\nMilliseconds of one step (forward, backward, AdamW), median; products: its matrix products alone, with"
          f" frozen weights packed once, the faster of Cram's and of oneDNN's own division of the work. PyTorch {torch_lines[0]['version']},"
          f" attention: {torch_lines[0]['attention']}."
          + (f" PyTorch's bf16 is the faster of autocast and a model cast to bf16 (here: {', '.join(variants)})."
             if variants else ""))


if __name__ == "__main__":
    main()
