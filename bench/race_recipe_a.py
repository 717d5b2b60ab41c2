#!/usr/bin/env python3
"""The time that Cram needs to make texts exact, beside recipe A of Kuratov et al. (2025) in PyTorch, in one run on one machine.

usage: bench/race_recipe_a.py TEXT... --model MODEL [--samples 20] [--length 64] [--precision bf16] [--times 12] [--lanes 2]
       bench/race_recipe_a.py --words FILE --model MODEL ...

(after bench/setup-torch.) TEXT are plain text files, of which sample i is a passage from the middle of file i; with --words the
passages are random words of that file, one a line. MODEL is a Hugging Face directory or a GGUF file. One vector, the first token
given. Both do --lanes texts side by side, one thread each, first Cram all of them, then PyTorch. Recipe A is stopped at 5,000
steps, or after --times times Cram's median: then it counts as never, and that time is a lower bound. Once more than half of the
texts have such a bound, whatever the others take, the median is no less: they are not run, and count as if they had taken no
time. In bf16 PyTorch takes the faster of autocast and a cast model. Prints a table in Markdown.
"""
import argparse, math, multiprocessing, statistics, sys, tempfile
import torch
from recipe_a import RecipeA, measure, write_passages

MOST_STEPS = 5000


def fastest(path, precision, text, length):
    """The variant whose step takes least, and its milliseconds."""
    milliseconds = {}
    for variant in ["f32"] if precision == "f32" else ["autocast", "cast"]:
        recipe = RecipeA(path, variant)
        tokens = recipe.tokens(text, length)
        recipe.search(tokens, 1, 3)
        _, steps, seconds = recipe.search(tokens, 1, 12)
        milliseconds[variant] = 1e3 * seconds / (steps + 1)
    return min(milliseconds.items(), key=lambda pair: pair[1])


def start(path, variant):
    global recipe
    torch.set_num_threads(1)
    recipe = RecipeA(path, variant)


def search(job):
    text, length, seconds = job
    tokens = recipe.tokens(text, length)
    with torch.no_grad():
        without = recipe.loss_and_accuracy(None, tokens)[0].item()
    return without, *recipe.search(tokens, 1, MOST_STEPS, seconds)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("texts", nargs="*")
    parser.add_argument("--words")
    parser.add_argument("--model", required=True)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--precision", choices=("f32", "bf16"), default="bf16")
    parser.add_argument("--times", type=float, default=12)
    parser.add_argument("--lanes", type=int, default=2)
    options = parser.parse_args()
    if (not options.texts) == (options.words is None):
        parser.error("either TEXT or --words is needed")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        texts = write_passages(folder, options.texts, options.samples, options.length, options.words)
        runs = measure(folder, options.samples, f"--model={options.model}", "--recipe=cram", f"--length={options.length}",
                       f"--precision={options.precision}", f"--threads={options.lanes}")
    ours = [runs[f"s{i}", 1] for i in range(options.samples)]
    exact = [run["exact"] == "true" for run in ours]
    ours_seconds = [float(run["seconds"]) if is_exact else math.inf for run, is_exact in zip(ours, exact)]
    median = statistics.median(ours_seconds)
    print(f"Cram: {sum(exact)} of {options.samples} exact, median {median:.1f} s", flush=True)
    for i, run in enumerate(ours):
        print(f"  {i}: exact {run['exact']} steps {run['steps']} seconds {float(run['seconds']):.1f} accuracy {run['accuracy']}")
    if math.isinf(median):
        sys.exit("race_recipe_a: Cram makes fewer than half of the texts exact: there is no time to compare with")
    variant, milliseconds = fastest(options.model, options.precision, texts[0], options.length)
    print(f"PyTorch {torch.__version__}, {variant}: {milliseconds:.0f} ms a step with one thread, "
          f"each text at most {options.times * median:.0f} s", flush=True)
    jobs = [(text, options.length, options.times * median) for text in texts]
    theirs = []
    with multiprocessing.get_context("spawn").Pool(options.lanes, start, (options.model, variant)) as pool:
        for result in pool.imap(search, jobs):
            theirs.append(result)
            print(f"  {len(theirs) - 1}: accuracy {result[1][0]:.3f} after {result[2]} steps, {result[3]:.0f} s", flush=True)
            if 2 * sum(accuracy < 1.0 for _, (accuracy, _), _, _ in theirs) > options.samples:
                break
        # Leaving the pool stops what still runs.
    print("\n| passage | nats | cram: exact | steps | s | recipe A: exact | steps | s | accuracy | times |")
    print("|---:|---:|---|---:|---:|---|---:|---:|---:|---:|")
    for i, run in enumerate(ours):
        mine, our_seconds = float(run["cross_entropy_without"]), float(run["seconds"])
        row = f"| {i} | {mine * options.length:.0f} | {'yes' if exact[i] else 'no'} | {run['steps']} | {our_seconds:.1f} "
        if i >= len(theirs):
            print(row + "| not run | | | | |")
            continue
        without, (accuracy, _), steps, seconds = theirs[i]
        if abs(mine - without) > (1e-3 if options.precision == "f32" else 0.03):
            sys.exit(f"race_recipe_a: passage {i} has {mine:.4f} nats a token in Cram and {without:.4f} in PyTorch: other tokens?")
        their_exact = accuracy == 1.0
        least = "" if their_exact else "> "
        print(f"{row}| {'yes' if their_exact else 'no'} | {steps} | {least}{seconds:.0f} | {accuracy:.3f} "
              f"| {least + format(seconds / our_seconds, '.1f') if exact[i] else ''} |")
    # Whatever was stopped has a lower bound, so the median of these times is one.
    their_median = statistics.median([seconds for _, _, _, seconds in theirs] + [0] * (options.samples - len(theirs)))
    their_exact = sum(accuracy == 1.0 for _, (accuracy, _), _, _ in theirs)
    print(f"\nexact: Cram {sum(exact)} of {options.samples}, recipe A {their_exact} of {len(theirs)}; median seconds: Cram {median:.1f}, "
          f"recipe A at least {their_median:.0f}: {their_median / median:.1f} times")


if __name__ == "__main__":
    main()
