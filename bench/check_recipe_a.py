#!/usr/bin/env python3
"""Recipe A of Kuratov et al. (2025) in PyTorch, beside `cram measure --recipe paper` on the same texts and seeds.

usage: bench/check_recipe_a.py TEXT... [--samples 5] [--length 24] [--steps 200] [--seeds 3]      (after bench/setup-torch)

Shares no code with Cram: model and tokenizer are transformers', the optimiser is torch's AdamW. TEXT are plain text files; sample i
is a passage from file i. Three things must agree, or the exit status is 1:
- cross-entropy without vectors, to 1e-3 nats: the same tokens are measured by the same rule;
- cross-entropy and accuracy of the vectors that Cram found, evaluated in PyTorch, to 1e-3: the same objective;
- accuracy, cross-entropy, Token Gain and Information Gain of the two optimisers, as means over all runs, within twice the
  standard error that the spread over the seeds gives.
"""
import argparse, csv, json, math, os, re, statistics, subprocess, sys, tempfile
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODEL = os.path.join(ROOT, "lm/src/main/resources/dev/cram/lm/models/cram-tiny")

options = argparse.ArgumentParser(usage=__doc__)
options.add_argument("texts", nargs="+")
options.add_argument("--samples", type=int, default=5)
options.add_argument("--length", type=int, default=24)
options.add_argument("--steps", type=int, default=200)
options.add_argument("--seeds", type=int, default=3)
options = options.parse_args()
torch.set_num_threads(1)

model = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32).eval().requires_grad_(False)
tokenizer = AutoTokenizer.from_pretrained(MODEL)
embeddings = model.get_input_embeddings()
std = embeddings.weight.std()


def passage(path):
    """Some words from the middle of a file, without the end of a sentence: Cram takes such a document as it is."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    middle = text[len(text) // 2:][:12 * options.length + 200]
    return re.sub(r"\s+", " ", re.sub(r"[.!?:;\"]+", ",", middle[middle.index(" "):])).strip()


def loss_and_accuracy(mem, tokens):
    """Of t2..tn, t1 given: the logits of the [mem] position are dropped, as the authors do."""
    rows = embeddings(tokens)[None]
    logits = model(inputs_embeds=rows if mem is None else torch.cat([mem[None], rows], 1), use_cache=False).logits[0]
    logits = logits[(0 if mem is None else mem.shape[0]):-1]
    loss = torch.nn.functional.cross_entropy(logits, tokens[1:])
    return loss, (logits.argmax(-1) == tokens[1:]).float().mean().item()


def cram(tokens, seed):
    torch.manual_seed(seed)
    mem = torch.nn.Parameter(torch.randn(1, embeddings.weight.shape[1]) * std)
    optimiser = torch.optim.AdamW([mem], lr=0.01, betas=(0.9, 0.9), weight_decay=0.01)
    best = (-1.0, math.inf)
    for _ in range(options.steps):
        loss, accuracy = loss_and_accuracy(mem, tokens)
        best = max(best, (accuracy, loss.item()), key=lambda step: (step[0], -step[1]))
        if accuracy == 1.0:
            break
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return best


def ours(folder):
    """Runs of `cram measure` and the vectors they found, by (source, seed)."""
    database = os.path.join(folder, "check.db")
    launcher = os.path.join(ROOT, "cram")
    sources = [f"--source=s{i}=file:{folder}/s{i}.txt" for i in range(options.samples)]
    subprocess.run([launcher, "measure", "--quiet", "--recipe=paper", f"--max-steps={options.steps}", f"--length={options.length}",
                    "--samples=1", f"--seed=1..{options.seeds}", f"--database={database}", "--threads=1", *sources], check=True)
    runs = {}
    for table in "results", "traces":
        file = os.path.join(folder, table + ".csv")
        subprocess.run([launcher, "export", database, "--table", table, "-o", file], check=True)
        csv.field_size_limit(1 << 30)
        with open(file, newline="") as rows:
            for row in csv.DictReader(rows):
                runs.setdefault(row["id"], {}).update(row)
    return {(run["source"], int(run["seed"])): run for run in runs.values()}


failures = []


def require(holds, what):
    if not holds:
        failures.append(what)


measures = {name: ([], []) for name in ("accuracy", "cross-entropy", "Token Gain", "Information Gain")}
with tempfile.TemporaryDirectory() as folder:
    texts = []
    for i in range(options.samples):
        texts.append(passage(options.texts[i % len(options.texts)]))
        with open(f"{folder}/s{i}.txt", "w", encoding="utf-8") as file:
            file.write(texts[i])
    runs = ours(folder)
    for i, text in enumerate(texts):
        tokens = torch.tensor(tokenizer(text)["input_ids"][:options.length])
        with torch.no_grad():
            without, accuracy_without = loss_and_accuracy(None, tokens)
        predicted = options.length - 1
        both = [[] for _ in measures]
        for seed in range(1, options.seeds + 1):
            run = runs[f"s{i}", seed]
            require(abs(float(run["cross_entropy_without"]) - without.item()) < 1e-3, f"sample {i}: cross-entropy without vectors")
            mem = torch.tensor(json.loads(run["mem"])).view(1, -1)
            with torch.no_grad():
                again, accuracy_again = loss_and_accuracy(mem, tokens)
            require(abs(float(run["cross_entropy"]) - again.item()) < 1e-3, f"sample {i}, seed {seed}: cross-entropy of Cram's vectors")
            require(abs(float(run["accuracy"]) - accuracy_again) < 1e-6, f"sample {i}, seed {seed}: accuracy of Cram's vectors")
            accuracy, loss = cram(tokens, seed)
            theirs = (accuracy, loss, (accuracy - accuracy_without) * predicted, (without.item() - loss) * options.length)
            mine = (float(run["accuracy"]), float(run["cross_entropy"]), float(run["token_gain"]), float(run["information_gain"]))
            for (a, b), x, y in zip(measures.values(), mine, theirs):
                a.append((i, x))
                b.append((i, y))
        print(f"sample {i}: without vectors {without:.3f} nats a token; with, mean over seeds: "
              + "; ".join(f"{name} {statistics.mean(x for s, x in a if s == i):.3f} (Cram) {statistics.mean(x for s, x in b if s == i):.3f} (PyTorch)"
                          for name, (a, b) in measures.items()), flush=True)


def mean_and_error(values):
    """Mean over all runs, and its standard error from the spread over the seeds of each sample."""
    spreads = [statistics.variance([x for s, x in values if s == i]) for i in range(options.samples)]
    return statistics.mean(x for _, x in values), math.sqrt(statistics.mean(spreads) / len(values))


print(f"\nmeans over {options.samples} samples x {options.seeds} seeds, at most {options.steps} steps, {options.length} tokens:")
for name, (a, b) in measures.items():
    (mine, error), (theirs, their_error) = mean_and_error(a), mean_and_error(b)
    allowed = 2 * math.hypot(error, their_error)
    agrees = abs(mine - theirs) <= allowed
    print(f"{name:17} Cram {mine:8.3f}  PyTorch {theirs:8.3f}  difference {mine - theirs:+.3f}, allowed {allowed:.3f}: {'agrees' if agrees else 'DIFFERS'}")
    require(agrees, name)
if failures:
    sys.exit("check_recipe_a: does not agree: " + "; ".join(failures))
