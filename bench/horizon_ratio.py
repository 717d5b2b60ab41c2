#!/usr/bin/env python3
"""How many times as long a prefix one recipe holds as another, in a database of `cram race`.

usage: bench/horizon_ratio.py DATABASE RECIPE OTHER

For each model and source: the mean horizons, the mean seconds, and the ratio of the horizons with its 95% confidence interval, by
drawing the passages anew 10,000 times. Passages that both recipes were given count, and of several step budgets the largest.
"""
import csv, io, os, random, statistics, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def runs(database, recipe):
    """(horizon, seconds) by model, source, precision and K, then by passage; of the newest revision, the most steps."""
    query = ("SELECT model, source, precision, vectors, sample, length, seed, horizon, seconds FROM results "
             f"WHERE recipe = '{recipe}' ORDER BY recipe_revision NULLS FIRST, max_steps")
    said = subprocess.run([os.path.join(ROOT, "cram"), "sql", database, query], capture_output=True, text=True)
    if said.returncode != 0:
        sys.exit(said.stderr.strip())
    found = {}
    for row in csv.DictReader(io.StringIO(said.stdout), delimiter="\t"):
        passage = row["sample"], row["length"], row["seed"]
        group = row["model"], row["source"], row["precision"], "K = " + row["vectors"]
        found.setdefault(group, {})[passage] = int(row["horizon"]), float(row["seconds"])
    if not found:
        sys.exit(f"{database} has no runs of the recipe {recipe}")
    return found


def ratio(passages, mine, theirs):
    return sum(mine[p][0] for p in passages) / sum(theirs[p][0] for p in passages)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    database, recipe, other = sys.argv[1:]
    ours, others = runs(database, recipe), runs(database, other)
    draw = random.Random(1)
    for group in sorted(ours.keys() & others.keys()):
        mine, theirs = ours[group], others[group]
        both = sorted(mine.keys() & theirs.keys())
        if not both:
            continue
        drawn = sorted(ratio(draw.choices(both, k=len(both)), mine, theirs) for _ in range(10_000))
        means = [statistics.mean(of[p][i] for p in both) for of in (mine, theirs) for i in (0, 1)]
        print(f"{' '.join(group)}: {len(both)} passages, {recipe} {means[0]:.1f} tokens in {means[1]:.1f} s, "
              f"{other} {means[2]:.1f} in {means[3]:.1f} s: {ratio(both, mine, theirs):.2f} times ({drawn[250]:.2f} to {drawn[9750]:.2f})")


if __name__ == "__main__":
    main()
