"""Teach a small Llama-architecture LM to read a text back from one input vector, and keep it a language model.

What counts is how well the model reads vectors that were optimised for their text from a random start, as Cram does. So
that is what it learns from: the vectors of a batch of texts of one length are moved as Cram's default recipe moves them (its revision 3: the whole text), --burst steps
with the model unchanged. Then the texts give --lessons: each time their vectors move on, and the model learns from what is
still wrong. At the optimum that gradient is the gradient of the best loss that a vector can reach. Several batches take
turns, so that no text is learned by heart. (Vectors of an amortised encoder were cheaper and made the model worse at reading
optimised ones; see docs/trained-reader.md.) Every step also has a pass over plain text, whose loss is taken half from the text and
half, with --teacher, from another LM's predictions.

Typical lengths grow while the loss of the texts read is below --target. What is written is a causal LM like any other.
State is kept in OUT/state.pt; a run that was stopped (TERM saves first) goes on where it was, with other batches. --width,
--intermediate, --heads and --layers change the model's shape first: a residual stream is widened by dimensions that change
little, or narrowed to its principal components; MLPs are cut to the neurons that matter most; what else is added changes
nothing at first. The learning rate is constant and falls to zero in the last --decay minutes, or sooner: once the validation
score has not improved for --patience evaluations.
"""
import argparse, copy, ctypes, glob, json, math, os, re, shutil, signal, sys, time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning at barriers wastes most of a shared machine
if sys.platform == "linux":
    # Else glibc gives large blocks back after each use, and a sixth of the time goes into getting them again.
    M_MMAP_MAX, M_TRIM_THRESHOLD = -4, -1
    ctypes.CDLL(None).mallopt(M_MMAP_MAX, 0)
    ctypes.CDLL(None).mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from frozen_llama import FrozenLlama

logging.disable_progress_bar()
MAX_N, MAX_SEVERAL, WINDOW = 320, 512, 256


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
    a.add_argument("--tokens", type=int, default=1024, help="tokens of a batch of texts to read")
    a.add_argument("--plain", type=int, default=512, help="tokens of plain text of a step, in windows of 256")
    a.add_argument("--burst", type=int, default=16, help="steps on new vectors before the model learns from them")
    a.add_argument("--between", type=int, default=1, help="further such steps before each lesson")
    a.add_argument("--lessons", type=int, default=4, help="how often the model learns from the same texts")
    a.add_argument("--pool", type=int, default=4, help="batches that take turns, so that lessons on a text lie apart")
    a.add_argument("--every", type=int, default=1, help="only every so many steps has a lesson, the others plain text alone")
    a.add_argument("--lr", type=float, default=0.01, help="of Muon; AdamW takes an eighth")
    a.add_argument("--teacher", help="LM with the same tokenizer whose predictions the plain text teaches too")
    a.add_argument("--lm-weight", type=float, default=1.0)
    a.add_argument("--length", type=float, default=40, help="typical number of tokens at the start")
    a.add_argument("--target", type=float, default=1.0, help="loss of optimised vectors at which lengths grow")
    a.add_argument("--layers", type=int, default=0, help="grow to so many layers, which change nothing at first")
    a.add_argument("--heads", type=int, default=0, help="grow to so many attention heads a layer, which change nothing at first")
    a.add_argument("--width", type=int, default=0, help="widen or narrow to this hidden size")
    a.add_argument("--intermediate", type=int, default=0, help="cut or grow the MLPs to this size")
    a.add_argument("--other", type=float, default=0.1, help="share of batches that are words, code or random tokens")
    a.add_argument("--several", type=float, default=0.0, help="share of batches whose texts have 2, 4 or 8 vectors")
    a.add_argument("--save", type=float, default=8, help="minutes between evaluations and saves")
    a.add_argument("--bf16", action="store_true", help="products in bfloat16 (three times as fast where the CPU has them)")
    a.add_argument("--threads", type=int, default=2)
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


def like(old, **sizes):
    """A new model like the old one but for these sizes of its config; heads keep their size."""
    config = copy.deepcopy(old.config)
    config.head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    config.update(sizes)
    return type(old)(config).float()


def cut(down, x, inner):
    """The neurons of an MLP that matter most, and their part of down [hiddenSize, inner], fitted to what all did on activations x."""
    kept = (x.pow(2).mean(0).sqrt() * down.norm(dim=0)).topk(inner).indices.sort().values
    gram = x[:, kept].T @ x[:, kept]
    gram += 1e-3 * gram.diagonal().mean() * torch.eye(len(kept))
    return kept, torch.linalg.solve(gram, x[:, kept].T @ (x @ down.T)).T


@torch.no_grad()
def widen(old, width, inner, text):
    """The same function in a residual stream of more dimensions, nearly: what the MLPs lose is fitted on the text.

    What comes from the new dimensions is read from the start, so that a vector can use them at once; little is written
    to them at first.
    """
    d = old.config.hidden_size
    new = like(old, hidden_size=width, intermediate_size=inner)
    shrink = math.sqrt(d / width)  # the mean square is now taken over more dimensions

    def norm(weight):
        return torch.cat([weight, weight.mean().expand(width - d)]) * shrink

    def columns(weight, scale):
        extra = torch.randn(weight.size(0), width - d) * weight.pow(2).mean().sqrt() * scale
        return torch.cat([weight, extra], 1)

    activations = [[] for _ in old.model.layers]
    hooks = [layer.mlp.down_proj.register_forward_pre_hook(lambda _, a, keep=keep: keep.append(a[0].flatten(0, 1)))
             for layer, keep in zip(old.model.layers, activations)]
    old(input_ids=text, use_cache=False)
    for hook in hooks:
        hook.remove()
    for a, b, seen in zip(old.model.layers, new.model.layers, activations):
        down = a.mlp.down_proj.weight
        kept, fitted = cut(down, torch.cat(seen), inner)
        for name in ("q_proj", "k_proj", "v_proj"):
            getattr(b.self_attn, name).weight.copy_(columns(getattr(a.self_attn, name).weight, 1.0))
        b.mlp.gate_proj.weight.copy_(columns(a.mlp.gate_proj.weight[kept], 1.0))
        b.mlp.up_proj.weight.copy_(columns(a.mlp.up_proj.weight[kept], 1.0))
        b.self_attn.o_proj.weight.copy_(columns(a.self_attn.o_proj.weight.T, 0.05).T)
        b.mlp.down_proj.weight.copy_(columns(fitted.T, 0.05).T)
        b.input_layernorm.weight.copy_(norm(a.input_layernorm.weight))
        b.post_attention_layernorm.weight.copy_(norm(a.post_attention_layernorm.weight))
    new.model.norm.weight.copy_(norm(old.model.norm.weight))
    new.model.embed_tokens.weight.copy_(columns(old.model.embed_tokens.weight, 0.2))
    return new


@torch.no_grad()
def narrow(old, width, states):
    """The same function of the residual stream's principal components, as far as they go.

    RMSNorm has no preferred axes once its weights are in the matrices that read from it, so the whole stream can be
    rotated and its last dimensions dropped (Ashkboos et al. 2024, SliceGPT; here with one rotation for all layers).
    """
    d = old.config.hidden_size
    new = like(old, hidden_size=width)
    components, spread = principal(states)
    print(f"kept {spread[:width].sum() / spread.sum():.3f} of the residual stream's energy", flush=True)
    q = components[:, :width]
    length = math.sqrt(d / width)  # the mean square is now taken over fewer dimensions
    for a, b in zip(old.model.layers, new.model.layers):
        for name in ("q_proj", "k_proj", "v_proj"):
            getattr(b.self_attn, name).weight.copy_(getattr(a.self_attn, name).weight * a.input_layernorm.weight @ q)
        for name in ("gate_proj", "up_proj"):
            getattr(b.mlp, name).weight.copy_(getattr(a.mlp, name).weight * a.post_attention_layernorm.weight @ q)
        b.self_attn.o_proj.weight.copy_(q.T @ a.self_attn.o_proj.weight)
        b.mlp.down_proj.weight.copy_(q.T @ a.mlp.down_proj.weight)
        b.input_layernorm.weight.fill_(length)
        b.post_attention_layernorm.weight.fill_(length)
    new.model.embed_tokens.weight.copy_(old.model.embed_tokens.weight @ q)
    new.model.norm.weight.copy_((q * q * old.model.norm.weight[:, None]).sum(0) * length)
    return new


def principal(states):
    """Eigenvectors [dims, dims] of the second moments of the states at unit length, and their eigenvalues, largest first."""
    x = F.normalize(states, dim=-1)
    values, vectors = torch.linalg.eigh(x.T @ x / len(x))
    return vectors.flip(1), values.flip(0)


@torch.no_grad()
def states_of(model, texts, plain):
    """What every norm of the model sees [rows, hiddenSize], on vectors with their texts and on plain text."""
    states = []
    norms = [n for layer in model.model.layers for n in (layer.input_layernorm, layer.post_attention_layernorm)]
    hooks = [n.register_forward_pre_hook(lambda _, a: states.append(a[0].flatten(0, 1))) for n in norms + [model.model.norm]]
    model(inputs_embeds=torch.cat([texts.vectors(), model.model.embed_tokens(texts.x)], 1), use_cache=False)
    model(input_ids=plain, use_cache=False)
    for hook in hooks:
        hook.remove()
    return torch.cat(states)


def grow(model, layers):
    """Adds copies of evenly spread layers whose contribution to the residual stream is zero at first."""
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


@torch.no_grad()
def add_heads(model, heads):
    """Adds query heads with random queries to each group that shares keys and values; what they read goes nowhere at first."""
    config = model.config
    groups, old = config.num_key_value_heads, config.num_attention_heads
    if heads % groups or config.hidden_size % heads:
        sys.exit(f"--heads {heads}: must be a multiple of the {groups} key-value heads, and divide the width {config.hidden_size}")
    dim = config.head_dim = getattr(config, "head_dim", None) or config.hidden_size // old
    config.num_attention_heads = heads

    def grouped(weight, fill):
        """[old heads * dim, width] with rows of new heads at the end of each group."""
        blocks = weight.view(groups, old // groups * dim, -1)
        return torch.cat([blocks, fill(groups, (heads - old) // groups * dim, weight.size(1))], 1).flatten(0, 1)

    for layer in model.model.layers:
        attention = layer.self_attn
        queries, out = attention.q_proj.weight, attention.o_proj.weight
        attention.q_proj = torch.nn.Linear(config.hidden_size, heads * dim, bias=False)
        attention.o_proj = torch.nn.Linear(heads * dim, config.hidden_size, bias=False)
        attention.q_proj.weight.copy_(grouped(queries, lambda *shape: torch.randn(shape) * queries.std()))
        attention.o_proj.weight.copy_(grouped(out.T, torch.zeros).T)
        attention.num_key_value_groups = heads // groups


@torch.no_grad()
def add_neurons(model, inner):
    """Adds MLP neurons with random inputs, whose outputs go nowhere at first."""
    model.config.intermediate_size = inner
    for layer in model.model.layers:
        for name in ("gate_proj", "up_proj"):
            old = getattr(layer.mlp, name).weight
            linear = torch.nn.Linear(old.size(1), inner, bias=False)
            linear.weight.copy_(torch.cat([old, torch.randn(inner - len(old), old.size(1)) * old.std()]))
            setattr(layer.mlp, name, linear)
        old = layer.mlp.down_proj.weight
        layer.mlp.down_proj = torch.nn.Linear(inner, len(old), bias=False)
        layer.mlp.down_proj.weight.copy_(torch.cat([old, torch.zeros(len(old), inner - old.size(1))], 1))


class Muon:
    """Momentum whose matrix updates are made orthogonal (Jordan et al. 2024)."""

    def __init__(self, matrices, dtype):
        self.dtype = dtype
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
            x = (x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)).to(self.dtype)
            for _ in range(5):
                a = x @ x.mT
                x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
            for (p, _), u in zip(members, x):
                u = u.T if p.size(0) > p.size(1) else u
                p.mul_(1 - lr * 0.05).add_(u.float(), alpha=-lr * max(1, p.size(0) / p.size(1)) ** 0.5)


class Vectors:
    """Texts [texts, n] and count vectors for each, moved as revision 3 of Cram's default recipe does: long vectors, Adam with betas 0.9, steps
    of 0.3 of an element's start, and targets that count 3% more at each step at which they are wrong."""

    def __init__(self, x, width, deviation, kind=None, count=1):
        self.x, self.deviation, self.kind = x, deviation, kind
        self.p = torch.randn(len(x), count, width)
        self.m, self.s = torch.zeros_like(self.p), torch.zeros_like(self.p)
        self.weights = torch.ones(x.shape)
        self.t = self.lessons = 0

    def vectors(self):
        return (self.p * self.deviation).requires_grad_()

    def read(self, predict):
        """The vectors, cross-entropies and what is right [texts, n]; what is wrong counts more from now on.

        predict gives cross-entropies and the most likely tokens [texts, n] of vectors and texts.
        """
        v = self.vectors()
        loss, best = predict(v, self.x)
        right = best == self.x
        self.weights *= torch.where(right, 1.0, 1.03)
        return v, loss, right

    def weighted(self, loss):
        return (loss * self.weights / self.weights.mean(1, keepdim=True)).mean()

    def step(self, gradient):
        self.t += 1
        self.m.lerp_(gradient, 0.1)
        self.s.lerp_(gradient * gradient, 0.1)
        c = 1 - 0.9 ** self.t
        self.p -= 0.3 * (self.m / c) / ((self.s / c).sqrt() + 1e-20)

    def move(self, predict, steps):
        """Steps on the vectors alone. Returns cross-entropies and what is right before the last one."""
        for _ in range(steps):
            v, loss, right = self.read(predict)
            self.step(torch.autograd.grad(self.weighted(loss), v)[0])
        return loss.detach(), right

    def teach(self, predict):
        """A lesson: adds to the gradients of the weights what is wrong, and moves on. Returns what was before."""
        v, loss, right = self.read(predict)
        self.weighted(loss).backward()
        self.step(v.grad)
        self.lessons += 1
        return loss.detach(), right


def nats(logits, x):
    """Cross-entropies and the most likely tokens [texts, n], of logits [texts, n, vocabulary]."""
    loss = F.cross_entropy(logits.flatten(0, 1), x.flatten(), reduction="none").view_as(x)
    return loss, logits.detach().argmax(-1)


def random_vectors(model, x, kind=None, count=1):
    """Random vectors of texts, 150 times as long as the model's token embeddings."""
    embeddings = model.model.embed_tokens.weight.detach()
    return Vectors(x, embeddings.size(1), 150 * embeddings.std(), kind, count)


def predict(model, v, x):
    """Cross-entropies and the most likely tokens [texts, n] of texts after their vectors [texts, count, hiddenSize]."""
    e = torch.cat([v, model.model.embed_tokens(x)], 1)
    h = model.model(inputs_embeds=e, use_cache=False).last_hidden_state[:, v.size(1) - 1:-1]
    return nats(model.lm_head(h).float(), x)


def export(model, source, out):
    """Writes a model in bfloat16 to a Hugging Face directory, with the tokenizer of another."""
    frozen = copy.deepcopy(model).to(torch.bfloat16)
    frozen.config.dtype = "bfloat16"
    frozen.save_pretrained(out)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(f"{source}/{name}", f"{out}/{name}")


class Trainer:
    def __init__(self, args):
        self.args = args
        torch.manual_seed(args.seed)
        np.random.seed(args.seed)
        os.makedirs(args.out, exist_ok=True)
        self.data = sources(args, Tokenizer.from_file(args.model + "/tokenizer.json"))
        self.validation = self.data["books"][-65536:]
        self.data["books"] = self.data["books"][:-65536]
        path = args.out + "/state.pt"
        state = torch.load(path, weights_only=False) if os.path.exists(path) else None
        # On short texts PyTorch's fused attention takes a third of a step, products of small matrices a tenth.
        kind = {"dtype": torch.float32, "attn_implementation": "eager"}
        if state:
            self.model = AutoModelForCausalLM.from_config(state["config"], **kind)
        else:
            self.model = AutoModelForCausalLM.from_pretrained(args.model, **kind)
            self.shape()
        self.teacher = None
        if args.teacher:
            self.teacher = AutoModelForCausalLM.from_pretrained(args.teacher, dtype=torch.float32).requires_grad_(False)
        self.vocabulary = self.model.config.vocab_size
        named = list(self.model.model.layers.named_parameters())
        self.muon = Muon([p for _, p in named if p.ndim == 2], torch.bfloat16 if args.bf16 else torch.float32)
        taken = {id(p) for p in self.muon.matrices}
        self.rest = [p for p in self.model.parameters() if id(p) not in taken]
        self.adam = torch.optim.AdamW(self.rest, lr=0, betas=(0.9, 0.95), weight_decay=0.0)
        self.s = {"step": 0, "center": args.length, "tokens": 0, "best": 1e9, "bad": 0}
        self.average, self.pool = {}, {}
        if state:
            self.model.load_state_dict(state["model"])
            self.muon.momentum = state["muon"]
            self.adam.load_state_dict(state["adam"])
            self.s = state["s"]
        np.random.seed(args.seed + self.s["step"])
        print("parameters", sum(p.numel() for p in self.model.parameters()), "from step", self.s["step"], flush=True)

    def shape(self):
        """Gives the model the shape that was asked for."""
        args, config = self.args, self.model.config
        width, inner = args.width or config.hidden_size, args.intermediate or config.intermediate_size
        if width < config.hidden_size:
            texts = random_vectors(self.model, windows(self.data["books"], 16, 64))
            self.move(texts, 60)
            self.model = narrow(self.model, width, states_of(self.model, texts, windows(self.data["books"], 8, WINDOW)))
        if width > config.hidden_size or inner < config.intermediate_size:
            text = windows(self.data["books"], 32, WINDOW)
            self.model = widen(self.model, width, min(inner, config.intermediate_size), text)
        if inner > config.intermediate_size:
            add_neurons(self.model, inner)
        if args.heads > config.num_attention_heads:
            add_heads(self.model, args.heads)
        if args.layers > config.num_hidden_layers:
            grow(self.model, args.layers)

    def products(self):
        return torch.autocast("cpu", torch.bfloat16, enabled=self.args.bf16)

    def loss(self, logits, x):
        return F.cross_entropy(logits.reshape(-1, self.vocabulary), x.reshape(-1))

    def batch(self):
        n = int(np.clip(math.exp(np.random.normal(math.log(self.s["center"]), 0.3)), 8, MAX_N))
        source = kind = "books"
        vectors = 1
        if np.random.random() < self.args.several:
            kind = "several"
            vectors = int(np.random.choice((2, 4, 8)))
            n = min(vectors * n, MAX_SEVERAL)
        elif np.random.random() < self.args.other:
            source = kind = np.random.choice([k for k in ("code", "words") if k in self.data] * 2 + ["tokens"])
            n = max(8, n // 2)  # the model cannot guess them: as many nats in half as many tokens
        count = max(2, round(self.args.tokens / n))
        if kind == "tokens":
            return torch.randint(0, self.vocabulary, (count, n)), kind, vectors
        return windows(self.data[source], count, n), kind, vectors

    def plain(self):
        """Next-token loss of plain text; with a teacher, half of it against the teacher's distribution."""
        x = windows(self.data["books"], max(1, self.args.plain // WINDOW), WINDOW)
        logits = self.model(input_ids=x, use_cache=False).logits[:, :-1].float()
        hard = self.loss(logits, x[:, 1:])
        self.note("lm", hard.item())
        if self.teacher is None:
            return hard
        with torch.no_grad():
            taught = self.teacher(input_ids=x, use_cache=False).logits[:, :-1].float().softmax(-1)
        return 0.5 * (hard + F.cross_entropy(logits.flatten(0, 1), taught.flatten(0, 1)))

    def note(self, key, value):
        self.average[key] = 0.95 * self.average.get(key, value) + 0.05 * value

    def predict(self, v, x):
        return predict(self.model, v, x)

    def move(self, texts, steps):
        """Steps on the vectors; the model stays as it is. Returns cross-entropies and what is right before the last one."""
        return texts.move(FrozenLlama(self.model).read if self.args.bf16 else self.predict, steps)

    def lesson(self):
        """Moves the vectors of the texts whose turn it is, and adds what they teach to the gradients of the weights."""
        args, s = self.args, self.s
        turn = s["step"] // args.every % args.pool
        texts, steps = self.pool.get(turn), args.between
        if texts is None or texts.lessons == args.lessons:
            texts = self.pool[turn] = random_vectors(self.model, *self.batch())
            steps += args.burst
        self.move(texts, steps)
        loss, right = texts.teach(self.predict)
        loss = loss.mean().item()
        self.note(texts.kind, loss)
        self.note("accuracy-" + texts.kind, right.float().mean().item())
        if texts.kind == "books":
            s["center"] = min(240.0, max(8.0, s["center"] * (1.004 if loss < args.target else 0.998)))
        s["tokens"] += texts.x.numel()

    def step(self, scale):
        args, s = self.args, self.s
        with self.products():
            if s["step"] % args.every == 0:
                self.lesson()
            (args.lm_weight * self.plain()).backward()
        lr = args.lr * scale * min(1, (s["step"] + 1) / 40)
        self.muon.step(lr)
        torch.nn.utils.clip_grad_norm_(self.rest, 1.0)
        for group in self.adam.param_groups:
            group["lr"] = lr / 8
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)
        s["step"] += 1

    def evaluate(self):
        """On held-out books: the LM loss, and what the recipe reaches in 100 steps for texts of 64 and 128 tokens in one vector, 256 in four."""
        state, torch_state = np.random.get_state(), torch.get_rng_state()
        np.random.seed(1)
        torch.manual_seed(1)
        with torch.no_grad():
            y = windows(self.validation, 8, 512)
            result = {"lm": self.loss(self.model(input_ids=y, use_cache=False).logits[:, :-1], y[:, 1:]).item()}
        for n, count, vectors in ((64, 12, 1), (128, 6, 1), (256, 3, 4)):
            texts = random_vectors(self.model, windows(self.validation, count, n), count=vectors)
            loss, right = self.move(texts, 100)
            result |= {f"crossEntropy-{n}": loss.mean().item(), f"accuracy-{n}": right.float().mean().item(),
                       f"exact-{n}": right.all(1).float().mean().item()}
        np.random.set_state(state)
        torch.set_rng_state(torch_state)
        return result

    def record(self):
        result = self.evaluate()
        with open(self.args.out + "/log.jsonl", "a") as f:
            f.write(json.dumps({"step": self.s["step"], "tokens": self.s["tokens"], "center": round(self.s["center"], 1),
                                "time": time.strftime("%H:%M"), **{k: round(v, 4) for k, v in result.items()}}) + "\n")
        return result

    def save(self):
        torch.save({"config": self.model.config, "model": self.model.state_dict(), "muon": self.muon.momentum,
                    "adam": self.adam.state_dict(), "s": self.s}, self.args.out + "/state.tmp")
        os.replace(self.args.out + "/state.tmp", self.args.out + "/state.pt")

    def run(self):
        args, s = self.args, self.s
        signal.signal(signal.SIGTERM, lambda *_: s.__setitem__("stop", True))
        s["stop"] = False
        start = shown = saved = time.time()
        torch.set_num_threads(args.threads)
        end, decay = start + 60 * args.minutes, 60 * args.decay
        since = s["step"]
        if since == 0:
            self.record()  # what all later ones are to be compared with
        while time.time() < end:
            self.step(min(1.0, (end - time.time()) / decay) if decay else 1.0)
            if s["stop"]:
                self.save()
                sys.exit("stopped; the same call goes on from here")
            now = time.time()
            if now - shown > 30:
                shown = now
                print(f"step {s['step']} t {now - start:.0f}s center {s['center']:.1f} "
                      + " ".join(f"{k}:{v:.2f}" for k, v in sorted(self.average.items())), flush=True)
            if now - saved > 60 * args.save:
                saved = now
                self.save()
                result = self.record()
                score = result["crossEntropy-128"] + result["lm"]
                s["bad"] = 0 if score < s["best"] - 0.003 else s["bad"] + 1
                s["best"] = min(s["best"], score)
                if s["bad"] >= args.patience and decay and end - time.time() > decay:
                    end = time.time() + decay
                    print("no longer improving: the learning rate falls", flush=True)
        self.save()
        export(self.model, self.args.model, self.args.out + "/model")
        print("done: step", s["step"], "of this call", s["step"] - since, self.record(), flush=True)


if __name__ == "__main__":
    Trainer(arguments()).run()
