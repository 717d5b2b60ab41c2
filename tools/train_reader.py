"""Teach a small Llama-architecture LM to read a text back from one input vector, and keep it a language model.

What counts is how well the model reads vectors that were optimised for their text, as Cram does. A step takes texts of
one length. Their first vectors come from an amortised encoder: the model's own hidden states after the text, each bound
to its position by learned factors, summed and projected; here model and encoder learn from the loss of every token given
[vector; text before it], and from the text's plain next-token loss. Then --inner normalised gradient steps with momentum
move the vectors alone, and the model learns from what is still wrong: at the optimum, that gradient is the gradient of
the best loss that a vector can reach. Every --lm-every steps there is a pass over long plain text.

Typical lengths grow while the loss of optimised vectors is below --target. What is written is a causal
LM like any other; nothing of the encoder is needed to use it. State is kept in OUT/state.pt; a run that was stopped
goes on where it was. With --freeze, the encoder alone learns for so many steps first. The learning
rate is constant and falls to zero in the last --decay minutes, or sooner: once the validation score has not improved
for --patience evaluations.
"""
import argparse, glob, json, math, os, re, time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning at barriers wastes most of a shared machine
import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM
from transformers.utils import logging

logging.disable_progress_bar()
MAX_N, BOUND = 160, 1024


def arguments():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("model", help="Hugging Face directory of the LM to start from")
    a.add_argument("out", help="directory for the state, the log and the trained model (OUT/model)")
    a.add_argument("--books", required=True, help="folder of plain-text books (*.txt)")
    a.add_argument("--code", help="folder of source code (searched for *.py and *.java)")
    a.add_argument("--words", help="word list, one a line; every tenth is held out for evaluation")
    a.add_argument("--minutes", type=float, default=120, help="wall time of this call")
    a.add_argument("--decay", type=float, default=20, help="minutes of falling learning rate at the end; 0: none")
    a.add_argument("--patience", type=int, default=20, help="evaluations without improvement before the decay")
    a.add_argument("--tokens", type=int, default=1024, help="tokens of a batch")
    a.add_argument("--inner", type=int, default=12, help="steps on the vectors before the model learns from them")
    a.add_argument("--rate", type=float, default=0.05, help="of a vector's step, relative to the vector's length")
    a.add_argument("--momentum", type=float, default=0.7, help="of a vector's step")
    a.add_argument("--noise", type=float, default=0.02, help="noise on the vector, relative to its length")
    a.add_argument("--lr", type=float, default=0.006, help="of Muon; AdamW takes an eighth")
    a.add_argument("--freeze", type=int, default=0, help="steps in which only the encoder learns")
    a.add_argument("--lm-every", type=int, default=1, help="every so many steps a pass over long plain text")
    a.add_argument("--lm-weight", type=float, default=1.0)
    a.add_argument("--length", type=float, default=24, help="typical number of tokens at the start")
    a.add_argument("--target", type=float, default=1.0, help="loss of optimised vectors at which lengths grow")
    a.add_argument("--layers", type=int, default=0, help="grow to so many layers, which change nothing at first")
    a.add_argument("--other", type=float, default=0.2, help="share of batches that are words, code or random tokens")
    a.add_argument("--save", type=float, default=3, help="minutes between evaluations and saves")
    a.add_argument("--seed", type=int, default=1)
    return a.parse_args()


def clean(text):
    """Unwraps hard-wrapped lines and joins blank lines, as the LM's training did."""
    text = re.sub(r"[ \t]+", " ", text.replace("\r", "").replace("\ufeff", ""))
    return re.sub(r" *\n+ *", "\n", re.sub(r"(?<!\n)\n(?!\n)", " ", text)).strip()


def tokens_of(texts, tokenizer, cache):
    if not os.path.exists(cache):
        ids = []
        for text in texts:
            lines = text.split("\n")
            parts = ["\n".join(lines[i:i + 200]) + "\n" for i in range(0, len(lines), 200)]
            ids.append(np.array([0] + [t for e in tokenizer.encode_batch(parts) for t in e.ids], dtype=np.uint16))
        np.save(cache, np.concatenate(ids))
    return np.load(cache)


def read(path):
    with open(path, encoding="utf-8", errors="ignore") as f:
        return f.read()


def sources(args, tokenizer):
    """Token arrays by kind of text; the last 65,536 tokens of the books are for validation."""
    found = {"books": tokens_of((clean(read(f)) for f in sorted(glob.glob(args.books + "/*.txt"))),
                                tokenizer, args.out + "/books.npy")}
    if args.code:
        files = [f for e in ("py", "java") for f in sorted(glob.glob(f"{args.code}/**/*.{e}", recursive=True))]
        found["code"] = tokens_of((read(f) for f in files), tokenizer, args.out + "/code.npy")
    if args.words:
        words = [w for i, w in enumerate(read(args.words).split()) if i % 10]
        random = np.random.default_rng(0)
        found["words"] = tokens_of((" ".join(random.choice(words, 4000)) for _ in range(100)),
                                   tokenizer, args.out + "/words.npy")
    return found


def windows(data, count, n):
    return torch.stack([torch.from_numpy(data[j:j + n].astype(np.int64))
                        for j in np.random.randint(0, len(data) - n, count)])


class Encoder(torch.nn.Module):
    """One vector from a text's embeddings and hidden states: each is bound to its position, then all are summed."""

    def __init__(self, d):
        super().__init__()
        self.up = torch.nn.Linear(2 * d, BOUND, bias=False)
        self.position = torch.nn.Parameter(torch.randn(MAX_N, BOUND))
        self.down = torch.nn.Linear(BOUND, d, bias=False)
        self.last = torch.nn.Linear(d, d)
        torch.nn.init.zeros_(self.down.weight)
        torch.nn.init.zeros_(self.last.bias)

    def forward(self, e, h):
        bound = self.up(torch.cat([F.rms_norm(e, e.shape[-1:]), F.rms_norm(h, h.shape[-1:])], -1))
        bound = (bound * self.position[:h.size(1)]).sum(1)
        return self.last(h[:, -1]) + self.down(F.rms_norm(bound, (BOUND,)))


def grow(model, layers):
    """Adds copies of evenly spread layers whose contribution to the residual stream is zero at first."""
    import copy
    old = list(model.model.layers)
    more = layers - len(old)
    after = {round((i + 1) * len(old) / more) - 1 for i in range(more)}
    new = []
    for i, layer in enumerate(old):
        new.append(layer)
        if i in after:
            extra = copy.deepcopy(layer)
            torch.nn.init.zeros_(extra.self_attn.o_proj.weight)
            torch.nn.init.zeros_(extra.mlp.down_proj.weight)
            new.append(extra)
    for i, layer in enumerate(new):
        layer.self_attn.layer_idx = i
    model.model.layers = torch.nn.ModuleList(new)
    model.config.num_hidden_layers = len(new)
    if getattr(model.config, "layer_types", None):
        model.config.layer_types = [model.config.layer_types[0]] * len(new)


class Muon:
    """Momentum whose matrix updates are made orthogonal (Jordan et al. 2024)."""

    def __init__(self, matrices):
        self.matrices, self.momentum = matrices, [torch.zeros_like(p) for p in matrices]

    @torch.no_grad()
    def step(self, lr):
        groups = {}
        for p, b in zip(self.matrices, self.momentum):
            if p.grad is None:
                continue
            b.lerp_(p.grad, 0.05)
            u = p.grad.lerp(b, 0.95)
            groups.setdefault((min(u.shape), max(u.shape)), []).append((p, u.T if u.size(0) > u.size(1) else u))
            p.grad = None
        for members in groups.values():
            x = torch.stack([u for _, u in members])
            x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
            for _ in range(5):
                a = x @ x.mT
                x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
            for (p, _), u in zip(members, x):
                u = u.T if p.size(0) > p.size(1) else u
                p.mul_(1 - lr * 0.05).add_(u, alpha=-lr * max(1, p.size(0) / p.size(1)) ** 0.5)


class Trainer:
    def __init__(self, args):
        self.args = args
        torch.manual_seed(args.seed)
        os.makedirs(args.out, exist_ok=True)
        self.data = sources(args, Tokenizer.from_file(args.model + "/tokenizer.json"))
        self.validation = self.data["books"][-65536:]
        self.data["books"] = self.data["books"][:-65536]
        self.model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
        if args.layers > self.model.config.num_hidden_layers:
            grow(self.model, args.layers)
        self.vocabulary, self.d = self.model.config.vocab_size, self.model.config.hidden_size
        self.encoder = Encoder(self.d)
        named = list(self.model.model.layers.named_parameters())
        self.muon = Muon([p for _, p in named if p.ndim == 2]
                         + [self.encoder.up.weight, self.encoder.down.weight, self.encoder.last.weight])
        taken = {id(p) for p in self.muon.matrices}
        self.rest = [p for p in [*self.model.parameters(), *self.encoder.parameters()] if id(p) not in taken]
        self.adam = torch.optim.AdamW(self.rest, lr=0, betas=(0.9, 0.95), weight_decay=0.0)
        self.s = {"step": 0, "center": args.length, "tokens": 0, "best": 1e9, "bad": 0}
        self.average = {}
        state = args.out + "/state.pt"
        if os.path.exists(state):
            saved = torch.load(state, weights_only=False)
            self.model.load_state_dict(saved["model"])
            self.encoder.load_state_dict(saved["encoder"])
            self.muon.momentum = saved["muon"]
            self.adam.load_state_dict(saved["adam"])
            self.s = saved["s"]
        np.random.seed(args.seed + self.s["step"])
        print("parameters", sum(p.numel() for p in self.model.parameters()), "from step", self.s["step"], flush=True)

    def loss(self, logits, x):
        return F.cross_entropy(logits.reshape(-1, self.vocabulary), x.reshape(-1))

    def read(self, v, e, x):
        h = self.model.model(inputs_embeds=torch.cat([v[:, None], e], 1), use_cache=False).last_hidden_state[:, :-1]
        logits = self.model.lm_head(h)
        return self.loss(logits, x), logits

    def encode(self, x):
        e = self.model.model.embed_tokens(x)
        h = self.model.model(inputs_embeds=e, use_cache=False).last_hidden_state
        return e, h, self.encoder(e, h)

    def batch(self):
        n = int(np.clip(math.exp(np.random.normal(math.log(self.s["center"]), 0.3)), 8, MAX_N))
        count = max(2, self.args.tokens // n)
        kind = "books"
        if np.random.random() < self.args.other:
            kind = np.random.choice([k for k in ("code", "words") if k in self.data] * 2 + ["tokens"])
        x = torch.randint(0, self.vocabulary, (count, n)) if kind == "tokens" else windows(self.data[kind], count, n)
        return kind, n, x

    def note(self, key, value):
        self.average[key] = 0.95 * self.average.get(key, value) + 0.05 * value

    def optimise(self, v, e, x, steps):
        """Moves the vectors alone, by normalised gradients with momentum."""
        momentum = torch.zeros_like(v)
        for _ in range(steps):
            v = v.detach().requires_grad_()
            loss, _ = self.read(v, e, x)
            g, = torch.autograd.grad(loss, v)
            momentum = self.args.momentum * momentum + g / (g.norm(dim=1, keepdim=True) + 1e-12)
            v = v.detach() - self.args.rate * v.detach().norm(dim=1, keepdim=True) * momentum
        return v

    def noisy(self, v):
        length = v.detach().norm(dim=1, keepdim=True)
        return v + self.args.noise * length / math.sqrt(self.d) * torch.randn_like(v)

    def step(self, scale):
        args, s = self.args, self.s
        frozen = s["step"] < args.freeze
        kind, n, x = self.batch()
        e, h, v = self.encode(x)
        first, _ = self.read(self.noisy(v), e, x)
        plain = self.loss(self.model.lm_head(h[:, :-1]), x[:, 1:]) if kind != "tokens" else 0.0
        (first + args.lm_weight * plain).backward()
        self.note("first-" + kind, first.item())
        if frozen:
            self.model.zero_grad(set_to_none=True)
        else:
            e = self.model.model.embed_tokens(x)
            v = self.optimise(v, e.detach(), x, args.inner)
            last, logits = self.read(self.noisy(v), e, x)
            last.backward()
            self.note("last-" + kind, last.item())
            self.note("accuracy-" + kind, (logits.argmax(-1) == x).float().mean().item())
            if kind == "books":
                s["center"] = min(110.0, max(8.0, s["center"] * (1.02 if last.item() < args.target else 0.99)))
            if s["step"] % args.lm_every == 0:
                y = windows(self.data["books"], 1, 512)
                long = self.loss(self.model(input_ids=y, use_cache=False).logits[:, :-1], y[:, 1:])
                (args.lm_weight * long).backward()
                self.note("lm", long.item())
        s["tokens"] += x.numel()
        lr = args.lr * scale * min(1, (s["step"] + 1) / 20)
        self.muon.step(lr)
        torch.nn.utils.clip_grad_norm_(self.rest, 1.0)
        for group in self.adam.param_groups:
            group["lr"] = lr / 8
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)
        s["step"] += 1

    def evaluate(self):
        """On held-out books: the LM loss, and what Cram's recipe reaches in 100 steps for texts of 32 tokens."""
        from eval_reader import cram
        state, torch_state = np.random.get_state(), torch.get_rng_state()
        np.random.seed(0)
        torch.manual_seed(0)
        self.model.requires_grad_(False)
        x = windows(self.validation, 8, 512)
        lm = self.loss(self.model(input_ids=x, use_cache=False).logits[:, :-1], x[:, 1:]).item()
        x = windows(self.validation, 12, 32)
        right, best, _ = cram(self.model, x, 100, 100)
        self.model.requires_grad_(True)
        np.random.set_state(state)
        torch.set_rng_state(torch_state)
        return {"lm": lm, "accuracy": right.float().mean().item() / 32, "exact": (right == 32).float().mean().item(),
                "crossEntropy": best[:, 0].mean().item() / 31}

    def save(self):
        torch.save({"model": self.model.state_dict(), "encoder": self.encoder.state_dict(), "muon": self.muon.momentum,
                    "adam": self.adam.state_dict(), "s": self.s}, self.args.out + "/state.tmp")
        os.replace(self.args.out + "/state.tmp", self.args.out + "/state.pt")

    def export(self):
        import copy
        out = self.args.out + "/model"
        frozen = copy.deepcopy(self.model).to(torch.bfloat16)
        frozen.config.dtype = "bfloat16"
        frozen.save_pretrained(out)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            with open(f"{self.args.model}/{name}", "rb") as source, open(f"{out}/{name}", "wb") as target:
                target.write(source.read())

    def run(self):
        args, s = self.args, self.s
        start = shown = saved = time.time()
        cpu, busy, threads = time.process_time(), start, 1
        torch.set_num_threads(threads)
        end, decay = start + 60 * args.minutes, 60 * args.decay
        since = s["step"]
        while time.time() < end:
            self.step(min(1.0, (end - time.time()) / decay) if decay else 1.0)
            now = time.time()
            if now - busy > 20:  # a second thread only where the machine has room for it
                share = (time.process_time() - cpu) / (now - busy)
                threads = 2 if share > (0.85 if threads == 1 else 1.1) else 1
                torch.set_num_threads(threads)
                cpu, busy = time.process_time(), now
            if now - shown > 30:
                shown = now
                print(f"step {s['step']} t {now - start:.0f}s center {s['center']:.1f} threads {threads} "
                      + " ".join(f"{k}:{v:.2f}" for k, v in sorted(self.average.items())), flush=True)
            if now - saved > 60 * args.save:
                saved = now
                self.save()
                result = self.evaluate()
                with open(args.out + "/log.jsonl", "a") as f:
                    f.write(json.dumps({"step": s["step"], "tokens": s["tokens"], "center": round(s["center"], 1),
                                        "time": time.strftime("%H:%M"), **{k: round(v, 4) for k, v in result.items()}})
                            + "\n")
                score = result["crossEntropy"] + 0.5 * result["lm"]
                s["bad"] = 0 if score < s["best"] - 0.003 else s["bad"] + 1
                s["best"] = min(s["best"], score)
                if s["bad"] >= args.patience and decay and end - time.time() > decay:
                    end = time.time() + decay
                    print("no longer improving: the learning rate falls", flush=True)
        self.save()
        self.export()
        print("done: step", s["step"], "of this call", s["step"] - since, self.evaluate(), flush=True)


if __name__ == "__main__":
    Trainer(arguments()).run()
