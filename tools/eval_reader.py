"""How much text an input vector of a frozen LM holds, or several, by revision 3 of Cram's default recipe, many texts in one batch.

The vectors are kept at their best accuracy; all tokens are predicted. Reports for each kind of text and length: exact (every
teacher-forced argmax right), accuracy, horizon (right tokens before the first miss), steps of the exact ones, Token Gain,
Information Gain (nats) and capacity utilisation (Token Gain / (16 width vectors / log2 vocabulary)). Gains count tokens 2..n,
since the LM alone has nothing to predict the first from; they are those of a saturated vector where accuracy is below
0.99. Texts: windows of FILES (.txt; .java and .py as code), held-out words of --words, and uniformly drawn tokens.
"""
import argparse, functools, json, math, os, time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from train_reader import clean, predict, random_vectors, read, windows

logging.disable_progress_bar()


def cram(model, x, vectors, steps, patience):
    """Returns by text: the most right tokens; [cross-entropy of tokens 2..n, horizon, step, right among 2..n] then; mem."""
    count, n = x.shape
    texts = random_vectors(model, x, count=vectors)
    right, best = torch.full((count,), -1), torch.zeros(count, 4)
    kept = torch.zeros_like(texts.p)
    for step in range(steps + 1):
        v, ce, ok = texts.read(functools.partial(predict, model))
        good = ok.sum(1)
        for r, (c, g) in enumerate(zip(ce[:, 1:].sum(1).tolist(), good.tolist())):
            if g > right[r]:
                right[r] = g
                best[r] = torch.tensor([c, n if g == n else float((~ok[r]).float().argmax()), step, float(ok[r, 1:].sum())])
                kept[r] = v[r].detach()
        if ((right == n) | (step - best[:, 2] >= patience)).all():
            break
        texts.step(torch.autograd.grad(texts.weighted(ce), v)[0])
    return right, best, kept


def cram_steep(model, x, vectors, steps):
    """The same by L-BFGS, text by text, for models whose logits are steep in a vector."""
    texts = random_vectors(model, x, count=vectors)
    kept, right, best = texts.p.clone(), torch.zeros(len(x)), torch.zeros(len(x), 4)
    for r in range(len(x)):
        p = texts.p[r:r + 1].clone().requires_grad_()
        search = torch.optim.LBFGS([p], max_iter=steps, max_eval=steps, history_size=20, line_search_fn="strong_wolfe",
                                   tolerance_grad=0, tolerance_change=0)

        def loss():
            search.zero_grad()
            total = predict(model, p * texts.deviation, x[r:r + 1])[0].sum()
            total.backward()
            return total

        search.step(loss)
        kept[r] = p.detach()[0] * texts.deviation
        ce, tokens = predict(model, kept[r:r + 1], x[r:r + 1])
        ok = (tokens == x[r])[0]
        right[r] = ok.sum()
        horizon = x.size(1) if ok.all() else float((~ok).float().argmax())
        best[r] = torch.tensor([ce[0, 1:].sum(), horizon, search.state[p]["func_evals"], float(ok[1:].sum())])
    return right, best, kept


@torch.no_grad()
def without(model, x):
    """Right tokens and cross-entropy of the same model without a vector, given the first token."""
    logits = model(input_ids=x, use_cache=False).logits[:, :-1]
    ce = F.cross_entropy(logits.mT, x[:, 1:], reduction="none")
    return (logits.argmax(-1) == x[:, 1:]).sum(1), ce.sum(1)


@torch.no_grad()
def inside(model, x, mem):
    """By layer: attention mass on the vectors; accuracy when this layer cannot see them; accuracy without the layer."""
    e = torch.cat([mem, model.get_input_embeddings()(x)], 1)
    rows, vectors = e.size(1), mem.size(1)
    causal = torch.full((rows, rows), float("-inf")).triu(1)[None, None]
    blind = causal.clone()
    blind[..., vectors:, :vectors] = float("-inf")

    def accuracy():
        return round((model(inputs_embeds=e, use_cache=False).logits[:, vectors - 1:-1].argmax(-1) == x).float().mean().item(), 3)

    attention = model(inputs_embeds=e, use_cache=False, output_attentions=True).attentions
    whole, table = accuracy(), []
    for layer, weights in zip(model.model.layers, attention):
        mass = weights[:, :, vectors:, :vectors].sum(-1)
        hook = layer.register_forward_pre_hook(
            lambda _, a, k: (a, {**k, "attention_mask": blind}), with_kwargs=True)
        unseen = accuracy()
        hook.remove()
        hook = layer.register_forward_hook(lambda _, a, out: a[0])
        skipped = accuracy()
        hook.remove()
        table.append({"mass": round(mass.mean().item(), 3), "strongest_head": round(mass.mean((0, 2)).max().item(), 3),
                      "unseen": unseen, "skipped": skipped})
    return {"whole": whole, "layers": table}


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("model")
    a.add_argument("files", nargs="*", help="text and source files that the model never saw")
    a.add_argument("--words", help="word list, one a line; every tenth is used")
    a.add_argument("--tokens", action="store_true", help="uniformly drawn tokens too")
    a.add_argument("--lengths", type=int, nargs="+", default=[24, 32, 48, 64])
    a.add_argument("--vectors", type=int, default=1)
    a.add_argument("--count", type=int, default=16)
    a.add_argument("--steps", type=int, default=600)
    a.add_argument("--patience", type=int, default=150)
    a.add_argument("--steep", action="store_true", help="by L-BFGS, for a model of build_reader.py; 60 steps will do")
    a.add_argument("--inside", action="store_true", help="where the layers read the vector")
    a.add_argument("--seed", type=int, default=0)
    a.add_argument("--threads", type=int, default=1)
    args = a.parse_args()
    torch.set_num_threads(args.threads)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32, attn_implementation="eager").requires_grad_(False)
    tokenizer = Tokenizer.from_file(args.model + "/tokenizer.json")
    vocabulary, d = model.get_input_embeddings().weight.shape
    bound = 16 * d * args.vectors / math.log2(vocabulary)
    prose = [f for f in args.files if f.endswith(".txt")]
    code = [f for f in args.files if not f.endswith(".txt")]
    kinds = {}
    if prose:
        kinds["prose"] = [tokenizer.encode(clean(read(f))[20000:220000]).ids for f in prose]
    if code:
        kinds["code"] = [tokenizer.encode("\n".join(read(f) for f in code)).ids]
    random = np.random.default_rng(args.seed)
    if args.words:
        kinds["words"] = [tokenizer.encode(" ".join(random.choice(read(args.words).split()[::10], 20000))).ids]
    if args.tokens:
        kinds["tokens"] = [random.integers(0, vocabulary, 20000)]
    if prose:
        np.random.seed(args.seed)
        x = torch.cat([windows(np.array(ids), 2, 512) for ids in kinds["prose"]])
        print(json.dumps({"lm": round((without(model, x)[1].sum() / (x.size(0) * 511)).item(), 4)}), flush=True)
    for n in args.lengths:
        for kind, parts in kinds.items():
            np.random.seed(args.seed)
            torch.manual_seed(args.seed)
            x = torch.cat([windows(np.array(parts[i % len(parts)]), 1, n) for i in range(args.count)])
            start = time.process_time()
            if args.steep:
                right, best, mem = cram_steep(model, x, args.vectors, args.steps)
            else:
                right, best, mem = cram(model, x, args.vectors, args.steps, args.patience)
            base, base_ce = without(model, x)
            exact = right == n
            gain = best[:, 3] - base
            nats = base_ce - best[:, 0]
            print(json.dumps({
                "kind": kind, "n": n, "texts": args.count, "exact": exact.float().mean().item(),
                "accuracy": round((right / n).mean().item(), 3), "horizon": best[:, 1].median().item(),
                "steps": best[exact, 2].median().item() if exact.any() else None,
                "token_gain": round(gain.mean().item(), 1), "information_gain": round(nats.mean().item(), 1),
                "utilisation": round(gain.mean().item() / bound, 3),
                "cpu": round(time.process_time() - start)}), flush=True)
            if args.inside:
                print(json.dumps({"kind": kind, "n": n, **inside(model, x, mem)}), flush=True)


if __name__ == "__main__":
    main()
