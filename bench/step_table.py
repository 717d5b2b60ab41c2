#!/usr/bin/env python3
"""Merges the JSON lines of bench/run into Markdown tables.

A ratio is taken between the engines' results of one round, which ran one after the other; a table gives the median of
the rounds and, where there are several, in brackets the lowest and the highest.
"""
import json
import statistics
import sys
from collections import defaultdict

ENGINES = "cram", "products", "torch"


def ratio(numbers, form):
    middle = form.format(statistics.median(numbers))
    return middle if len(numbers) < 2 else f"{middle} ({form.format(min(numbers))} to {form.format(max(numbers))})"


def rows(cases):
    for case, engines in cases.items():
        cram, floor, torch = ([line["median_ms"] for line in engines[engine]] for engine in ENGINES)
        if len({len(cram), len(floor), len(torch)} - {0}) > 1:
            sys.exit(f"{sys.argv[1]}: {case}: {len(cram)} lines of cram, {len(floor)} of products and {len(torch)}"
                     " of torch; run bench/run again")
        cells = [*case, f"{statistics.median(cram):.1f}" if cram else ""]
        if floor and cram:
            attention = [line["attention_ms"] for line in engines["products"]]
            cells += [f"{statistics.median(floor):.1f}", f"{statistics.median(attention):.1f}",
                      ratio([p / c for c, p in zip(cram, floor)], "{:.0%}"),
                      ratio([(p + a) / c for c, p, a in zip(cram, floor, attention)], "{:.0%}")]
        else:
            cells += 4 * [""]
        if torch and cram:
            cells += [f"{statistics.median(torch):.1f}", ratio([t / c for c, t in zip(cram, torch)], "{:.2f}x")]
        else:
            cells += ["", ""]
        for field in "allocated_bytes_per_step", "peak_mib":
            cells.append(f"{max(line[field] for line in engines['cram']):,}" if cram else "")
        yield cells


def table(head, alignment, lines):
    print("| " + " | ".join(head) + " |")
    print("|" + "|".join(alignment) + "|")
    for cells in lines:
        print("| " + " | ".join(map(str, cells)) + " |")
    print()


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: step_table.py FILE.jsonl")
    shapes = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    decoding, starts, torch_lines = [], [], []
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            match line["engine"]:
                case "decode":
                    decoding.append(line)
                case "start":
                    starts.append(line)
                case engine:
                    case = line["precision"], line["threads"], line["vectors"], line["n"]
                    shapes[line["shape"]][case][engine].append(line)
                    torch_lines += [line] if engine == "torch" else []

    print("Milliseconds of one step (forward, backward, AdamW), median; products: its matrix products alone, with frozen"
          " weights packed once, the faster of Cram's and of oneDNN's own division of the work; attention's: the products"
          " of queries, keys and values alone, without the keys behind each block of queries.")
    if torch_lines:
        variants = sorted({line["variant"] for line in torch_lines if line["precision"] == "bf16"})
        print(f"PyTorch {torch_lines[0]['version']}, attention: "
              + ", ".join(sorted({str(line["attention"]) for line in torch_lines})) + "."
              + (f" Its bf16 is the faster of autocast and a model cast to bf16 (here: {', '.join(variants)})."
                 if variants else ""))
    print()
    for shape, cases in shapes.items():
        print(f"**{shape}**\n")
        table(["precision", "threads", "K", "n", "cram ms", "products ms", "attention's ms", "share of products",
               "with attention's", "torch ms", "torch / cram", "bytes/step", "peak MiB"],
              ["---"] + 12 * ["---:"], rows(dict(sorted(cases.items(), key=lambda item: (
                  item[0][0] != "f32", *item[0][1:])))))
    if decoding:
        print("**Decoding**, a token at a time; memory: what the same threads read of memory that is in no cache\n")
        table(["shape", "precision", "threads", "tokens/s", "weights MiB", "GB/s", "memory GB/s", "share"],
              ["---", "---"] + 6 * ["---:"],
              ([line["shape"], line["precision"], line["threads"], f"{line['tokens_per_s']:.1f}",
                f"{line['weights_mib']:.0f}", f"{line['read_gb_per_s']:.1f}", f"{line['memory_gb_per_s']:.1f}",
                f"{line['share_of_bandwidth']:.0%}"] for line in decoding))
    if starts:
        print("**Start**, seconds from the start of the virtual machine\n")
        table(["shape", "precision", "threads", "model open", "first step done"], ["---", "---"] + 3 * ["---:"],
              ([line["shape"], line["precision"], line["threads"], line["opened_s"], line["first_step_s"]]
               for line in starts))


if __name__ == "__main__":
    main()
