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
import argparse, json, math, statistics, sys, tempfile
import torch
from recipe_a import CRAM_TINY, RecipeA, measure, write_passages

options = argparse.ArgumentParser(usage=__doc__)
options.add_argument("texts", nargs="+")
options.add_argument("--samples", type=int, default=5)
options.add_argument("--length", type=int, default=24)
options.add_argument("--steps", type=int, default=200)
options.add_argument("--seeds", type=int, default=3)
options = options.parse_args()
torch.set_num_threads(1)

recipe = RecipeA(CRAM_TINY)

failures = []


def require(holds, what):
    if not holds:
        failures.append(what)


measures = {name: ([], []) for name in ("accuracy", "cross-entropy", "Token Gain", "Information Gain")}
with tempfile.TemporaryDirectory() as folder:
    texts = write_passages(folder, options.texts, options.samples, options.length)
    runs = measure(folder, options.samples, "--recipe=paper", f"--max-steps={options.steps}", f"--length={options.length}",
                   f"--seed=1..{options.seeds}", "--threads=1", tables=("results", "traces"))
    for i, text in enumerate(texts):
        tokens = recipe.tokens(text, options.length)
        with torch.no_grad():
            without, accuracy_without = recipe.loss_and_accuracy(None, tokens)
        predicted = options.length - 1
        for seed in range(1, options.seeds + 1):
            run = runs[f"s{i}", seed]
            require(abs(float(run["cross_entropy_without"]) - without.item()) < 1e-3, f"sample {i}: cross-entropy without vectors")
            mem = torch.tensor(json.loads(run["mem"])).view(1, -1)
            with torch.no_grad():
                again, accuracy_again = recipe.loss_and_accuracy(mem, tokens)
            require(abs(float(run["cross_entropy"]) - again.item()) < 1e-3, f"sample {i}, seed {seed}: cross-entropy of Cram's vectors")
            require(abs(float(run["accuracy"]) - accuracy_again) < 1e-6, f"sample {i}, seed {seed}: accuracy of Cram's vectors")
            (accuracy, loss), _, _ = recipe.search(tokens, seed, options.steps)
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
