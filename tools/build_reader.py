"""Build a model that reads a long text from one input vector out of an LM that cannot: five layers in front of it, made and not trained.

A token is a point c of a plane. The built layers give each position p an affine map of the vector to two numbers x, and logits become
those of the LM plus

    sharpness * (c . x - |c|^2 / 2)

so that the token wins whose point is nearest to x, but for what the LM expects. That is convex in x, and x is nearly linear in the
vector: gradient descent finds it from anywhere, and two dimensions hold a token. (Where tokens are told apart by embeddings of full
size, a dimension holds one to two bits; see docs/model.md.) The frequent tokens stand in a row, with room above, so that for them
only one number matters; the others fill a band below. The residual stream gets some forty dimensions more for all this. The layers:

1     Squares of what is in the LM's dimensions: much of a vector, next to nothing of tokens, whose embeddings get one large constant.
      They make the vector very long in a dimension of its own, so that all layers read it linearly and the LM does not see it.
2     Counters: attention to the vector falls with the number of tokens so far, in each head around another number; the last head's does
      not, and tells whether there is a vector. The MLP makes a clock of them, by ridge regression: which window of positions a row is
      in, and where within it.
3..5  Windows: each head attends to the vector in one window alone, and brings its share of the vector's dimensions. Gates, in the last
      of these MLPs: neurons that are open at some positions and read what the window has brought.

Then what is in layers 3 to 5 is refined by gradient descent, so that the maps of all positions together are as well-conditioned as
they can be. The LM itself is not trained: its MLPs are cut to the neurons that matter most. Cram it with the recipe cram-falling.
"""
import argparse, copy, glob, math, os, time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from frozen_llama import Rotations
from train_reader import clean, cut, export, read, tokens_of, windows

logging.disable_progress_bar()
COUNTER, CLOCK, LOAD, READING = 0.3, 0.1, 0.05, 0.05  # sizes in the residual stream, small beside the LM's
CODE = 2.0 ** -30  # size of the points in the embeddings, so that a token does not see its own
SINK = 1000  # how much longer a vector gets
ABOVE = 0.5  # where x is if the vector is 0: above the row of frequent tokens


def arguments():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("model", help="Hugging Face directory of an LM of the Llama architecture, heads of 64")
    a.add_argument("out", help="directory of the new model")
    a.add_argument("--books", required=True, help="folder of plain-text books (*.txt), for token frequencies and cutting the MLPs")
    a.add_argument("--cache", required=True, help="folder for the books' tokens")
    a.add_argument("--intermediate", type=int, default=488, help="neurons of each MLP")
    a.add_argument("--layers", type=int, default=3, help="layers with windows, one a head")
    a.add_argument("--share", type=int, default=24, help="dimensions of the vector that a window reads")
    a.add_argument("--positions", type=int, default=12, help="tokens of a window")
    a.add_argument("--frequent", type=int, default=256, help="tokens that stand in a row, a power of two up to 512")
    a.add_argument("--sharpness", type=float, default=4e5, help="of logits")
    a.add_argument("--spread", type=float, default=1.0, help="root mean square of x")
    a.add_argument("--longer", type=float, default=8.0, help="how many times as long as at the recipe's start such vectors are")
    a.add_argument("--minutes", type=float, default=3, help="of refinement")
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--seed", type=int, default=2)
    return a.parse_args()


def norm(x):
    return x * (x.pow(2).mean(-1, keepdim=True) + 1e-5).rsqrt()


def stored(x):
    """As the model's file will have it."""
    return x.bfloat16().float()


class Layout:
    """Dimensions of the residual stream: the LM's, then ours."""

    def __init__(self, width, heads, share):
        at = width

        def take(count):
            nonlocal at
            at += count
            return slice(at - count, at)

        self.lm = slice(0, width)
        self.constant, self.x, self.bias, self.window, self.within = take(1), take(2), take(2), take(4), take(4)
        self.open, self.counters, self.absent, self.sink = take(1), take(heads), take(1), take(1)
        self.load = take(share)
        self.size = -(-at // heads) * heads


class Layer(torch.nn.Module):
    """A Llama layer whose norms have no weights."""

    def __init__(self, size, heads, groups, dim, neurons):
        super().__init__()
        self.heads, self.groups, self.dim = heads, groups, dim

        def matrix(outputs, inputs):
            return torch.nn.Parameter(torch.zeros(outputs, inputs))

        self.q, self.k, self.v = matrix(heads * dim, size), matrix(groups * dim, size), matrix(groups * dim, size)
        self.o = matrix(size, heads * dim)
        self.gate, self.up, self.down = matrix(neurons, size), matrix(neurons, size), matrix(size, neurons)

    def attention(self, y, table):
        """Probabilities [texts, heads, rows, rows], of y [texts, rows, size]."""
        cos, sin, mask = table
        qk = torch.cat([F.linear(y, self.q) * self.dim ** -0.5, F.linear(y, self.k)], -1).unflatten(-1, (-1, self.dim))
        qk = qk * cos + qk.roll(self.dim // 2, -1) * sin
        q, k = qk[:, :, :self.heads], qk[:, :, self.heads:].repeat_interleave(self.heads // self.groups, 2)
        return (torch.einsum("brhd,bshd->bhrs", q, k) + mask).softmax(-1)

    def attend(self, x, table):
        """What is in the stream after attention, and the attention to row 0 [texts, heads, rows]."""
        y = norm(x)
        a = self.attention(y, table)
        v = F.linear(y, self.v).unflatten(-1, (self.groups, self.dim)).repeat_interleave(self.heads // self.groups, 2)
        return x + F.linear(torch.einsum("bhrs,bshd->brhd", a, v).flatten(2), self.o), a[..., 0]

    def opened(self, x):
        return F.silu(F.linear(norm(x), self.gate))

    def mlp(self, x, opened):
        return x + F.linear(opened * F.linear(norm(x), self.up), self.down)

    def forward(self, x, table):
        x, _ = self.attend(x, table)
        return self.mlp(x, self.opened(x))

    def brought(self):
        """The linear maps [heads, size, size] by which what a head attends to gets into the stream."""
        v = self.v.unflatten(0, (self.groups, self.dim)).repeat_interleave(self.heads // self.groups, 0)
        return torch.einsum("rhd,hdm->hrm", self.o.unflatten(1, (self.heads, self.dim)), v)


class Builder:
    def __init__(self, args):
        self.args = args
        torch.manual_seed(args.seed)
        np.random.seed(args.seed)
        os.makedirs(args.cache, exist_ok=True)
        self.lm = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).requires_grad_(False)
        c = self.lm.config
        self.heads, self.groups, self.dim = c.num_attention_heads, c.num_key_value_heads, c.head_dim
        self.at = Layout(c.hidden_size, self.heads, args.share)
        self.data = tokens_of((clean(read(f)) for f in sorted(glob.glob(args.books + "/*.txt"))),
                              Tokenizer.from_file(args.model + "/tokenizer.json"), args.cache + "/books.npy")
        self.counts = torch.from_numpy(np.bincount(self.data, minlength=c.vocab_size))
        self.embeddings = self.lm.model.embed_tokens.weight
        length = self.embeddings.norm(dim=1).mean().item()
        self.constant = 2.0 ** round(math.log2(250 * length))
        # what the constant, and what 1 elsewhere, become by a norm
        self.one = math.sqrt(self.at.size) * (self.constant / (self.embeddings[self.data[:4096].astype(np.int64)].pow(2).sum(1)
                                              + self.constant ** 2).sqrt()).mean().item()
        self.unit = self.one / self.constant
        self.windows = args.layers * self.heads
        self.length = self.windows * args.positions
        # Cram's recipe starts with vectors 150 times as long as embeddings
        squares = (self.embeddings.pow(2).sum() / len(self.embeddings) + self.constant ** 2) / self.at.size
        self.start = 150 * math.sqrt(squares - (self.constant / self.at.size) ** 2)
        frequencies = self.lm.model.rotary_emb.inv_freq
        self.frequencies, self.rotations = frequencies, Rotations(frequencies, torch.float32)
        self.layers = torch.nn.ModuleList(
            Layer(self.at.size, self.heads, self.groups, self.dim, args.intermediate) for _ in range(2 + args.layers))

    def rows(self, texts, n):
        """Rows of random texts of n tokens after random vectors [texts, 1 + n, size]."""
        x = torch.zeros(texts, 1 + n, self.at.size)
        x[:, 0] = torch.randn(texts, self.at.size) * self.start * self.args.longer
        x[:, 1:, self.at.lm] = self.embeddings[windows(self.data, texts, n)]
        x[:, 1:, self.at.constant] = self.constant
        return x

    @torch.no_grad()
    def hide(self):
        """Squares of what is in the LM's dimensions, by pairs of neurons: of vectors they add up to much, of tokens, which are nearly
        constant, to nothing."""
        layer, at, pairs = self.layers[0], self.at, (self.args.intermediate - 8) // 2
        w = torch.linalg.qr(torch.randn(at.lm.stop, at.lm.stop))[0][:pairs]
        for sign, part in ((1, slice(0, len(w))), (-1, slice(len(w), 2 * len(w)))):
            layer.up[part, at.lm], layer.gate[part, at.lm] = sign * w, 4 * sign * w
            layer.gate[part, at.constant] = -1
            layer.down[at.sink, part] = SINK * self.start / (4 * len(w))

    @torch.no_grad()
    def count(self):
        """Attention to the vector is 1 / (1 + F(p)), F the sum over the tokens so far of the exponential of a score that is
        linear in their distance; RoPE's sine is, over some hundred tokens."""
        layer, pair, still = self.layers[1], self.dim * 5 // 16, self.dim // 2 - 1
        slope = 0.08 * 168 / self.length
        scale = math.sqrt(self.dim) / self.one ** 2
        for g in range(self.groups):
            layer.k[g * self.dim + pair, self.at.constant] = 1
            layer.k[g * self.dim + still, self.at.constant] = 1
            layer.v[g * self.dim, self.at.constant] = 1 / self.one
        counting = self.heads - 1
        for h in range(self.heads):
            layer.o[self.at.counters.start + h, h * self.dim] = COUNTER
            if h == counting:
                layer.q[h * self.dim + still, self.at.constant] = -30 * scale
            else:
                middle = self.length * (h + 0.5) / counting
                layer.q[h * self.dim + self.dim // 2 + pair, self.at.constant] = -slope / self.frequencies[pair] * scale
                layer.q[h * self.dim + still, self.at.constant] = (math.log(slope) - slope * middle) * scale

    def clock(self, n):
        """What is to be known of positions 1..n [n, 9]."""
        p = torch.arange(n) + 0.5
        window = 2 * math.pi * torch.floor(p / self.args.positions) / self.windows
        within = 2 * math.pi * p / self.args.positions
        angles = [window, 2 * window, within, 2 * within]
        known = torch.stack([f(a) for a in angles for f in (torch.cos, torch.sin)] + [torch.ones(n)], 1)
        return known * (p < self.length)[:, None]

    @torch.no_grad()
    def tell(self):
        """The clock from the counters: ridges at random places, and what they add up to by least squares."""
        layer, at, neurons, n = self.layers[1], self.at, self.args.intermediate - 8, self.length + 90
        for p in layer.parameters():
            p.copy_(stored(p))
        table = self.rotations.of(n + 1)
        y = norm(layer.attend(self.layers[0](self.rows(48, n), table), table)[0])[:, 1:]
        size = COUNTER * self.unit
        counters = y[..., at.counters][..., :-1] / size
        shares = counters[:, :self.length + 20].flatten(0, 1)
        w = torch.eye(self.heads - 1)[torch.arange(neurons) // 2 % (self.heads - 1)]
        w[1::2] = torch.randn(len(w[1::2]), self.heads - 1)
        threshold = (w * shares[torch.randint(0, len(shares), (neurons,))]).sum(1)
        steep = torch.exp(torch.empty(neurons).uniform_(math.log(20), math.log(400))) * torch.randn(neurons).sign()
        gate = torch.zeros(neurons, at.size)
        gate[:, at.counters.start:at.counters.stop - 1] = w / size
        gate[:, at.constant] = -threshold[:, None] / self.one
        layer.gate[:neurons] = stored(gate * steep[:, None])
        layer.up[:neurons, at.constant] = 1 / self.one
        # without a vector the last counter is 1, else almost 0
        layer.gate[-1, at.counters.stop - 1], layer.gate[-1, at.constant] = 60 / size, -30 / self.one
        layer.up[-1, at.constant], layer.down[at.absent, -1] = 1 / self.one, COUNTER / 30
        known = self.clock(n).expand(len(y), -1, -1).flatten(0, 1).double()
        ridges = (F.silu(F.linear(y, layer.gate)) * F.linear(y, layer.up))[..., :neurons].flatten(0, 1).double()
        scale = ridges.pow(2).mean(0).sqrt() + 1e-9
        ridges /= scale
        gram = ridges.T @ ridges + 1e-5 * len(ridges) * torch.eye(neurons)
        weights = torch.linalg.solve(gram, ridges.T @ known)
        weights = stored(weights.float() / scale.float()[:, None] * CLOCK)
        error = (ridges * scale @ weights.double() / CLOCK - known).pow(2).mean(0).sqrt()
        print("clock: errors", [round(e, 2) for e in error.tolist()])
        layer.down[at.window.start:at.open.stop, :neurons] = weights.T

    @torch.no_grad()
    def open_windows(self):
        """In its window a head's scores of tokens are very low, so that it attends to the vector; elsewhere they are high."""
        at, share, still = self.at, self.args.share, self.dim // 2 - 1
        reads = torch.linalg.qr(torch.randn(max(self.windows * share, at.size), at.size))[0][:self.windows * share]
        reads *= SINK / (math.sqrt(at.size) * self.args.longer) / reads.norm(dim=1, keepdim=True)
        reads[:, at.constant] = reads[:, at.sink] = 0
        size = CLOCK * self.unit
        angle = 2 * math.pi / self.windows
        near = (1 + (math.cos(angle) + math.cos(2 * angle)) / 2) / 2
        steep = 40 / (1 - near)
        scale = math.sqrt(self.dim) / self.one
        per = self.heads // self.groups
        for i, layer in enumerate(self.layers[2:]):
            for h in range(self.heads):
                w, group = i * self.heads + h, h // per
                layer.k[group * self.dim + still, at.constant] = 1
                wave = torch.tensor([f(k * w * angle) for k in (1, 2) for f in (math.cos, math.sin)])
                layer.q[h * self.dim + still, at.window] = -steep * wave / 2 * scale / size
                layer.q[h * self.dim + still, at.constant] = steep * near * scale / self.one
                first = h % per * share
                layer.v[group * self.dim + first:group * self.dim + first + share] = reads[w * share:(w + 1) * share]
                layer.o[at.load, h * self.dim + first:h * self.dim + first + share] = LOAD * torch.eye(share)

    @torch.no_grad()
    def open_gates(self):
        """Each neuron is open where the clock is near to what it is at one position; it reads the load at random."""
        at, layer, share, count = self.at, self.layers[-1], self.args.share, 24
        self.gates = neurons = self.args.intermediate - 3
        x, table = self.rows(count, self.length), self.rotations.of(self.length + 1)
        for a in self.layers[:-1]:
            x = a(x, table)
        y = norm(layer.attend(x, table)[0])[:, 1:]
        clock, size = slice(at.window.start, at.within.stop), CLOCK * self.unit
        f = y[..., clock] / size
        where = f.mean(0)[torch.linspace(0, self.length - 1, neurons).long()] - f.mean((0, 1))
        where /= where.norm(dim=1, keepdim=True)
        projected = torch.einsum("bnf,jf->bnj", f, where).flatten(0, 1)
        threshold, top = torch.quantile(projected, torch.tensor([0.9, 0.975]), dim=0)
        steep = 15 / (top - threshold)
        layer.gate[:neurons, clock] = where * steep[:, None] / size
        layer.gate[:neurons, at.constant] = -(threshold * steep)[:, None] / self.one
        layer.gate[:neurons, at.absent] = -1000 / (COUNTER * self.unit)
        u = torch.randn(neurons, share)
        layer.up[:neurons, at.load] = u / u.norm(dim=1, keepdim=True) / (LOAD * self.unit) / 15
        o = torch.randn(2, neurons)
        layer.down[at.x, :neurons] = o / o.norm(dim=0)

    @torch.no_grad()
    def finish(self):
        """The bias of the points; and the constant is taken away."""
        at, layer, last = self.at, self.layers[-1], self.args.intermediate - 1
        taken = 0
        for j in (last - 1, last):  # the second one takes what the first, rounded, has left
            layer.gate[j, at.constant], layer.up[j, at.constant] = stored(torch.tensor([20 / self.one, 1 / self.one]))
            factor = layer.gate[j, at.constant] * layer.up[j, at.constant] * self.one ** 2
            layer.down[at.constant, j] = stored((taken - self.constant) / factor)
            taken = taken + (-layer.down[at.constant, j] * factor).item()
        bias = last - 2
        layer.gate[bias, at.open] = 40 / (CLOCK * self.unit)
        layer.gate[bias, at.constant] = -20 / self.one
        layer.gate[bias, at.absent] = -1000 / (COUNTER * self.unit)
        layer.up[bias, at.constant] = 1 / self.one
        layer.down[at.bias, bias] = READING / 20
        layer.down[at.x.stop - 1, bias] = ABOVE * READING / 20

    def maps(self, x):
        """A [texts, length, 2, size] and x [texts, length, 2], at the vectors and texts of these rows."""
        at, table = self.at, self.rotations.of(x.size(1))
        for layer in self.layers[:2]:
            x = layer(x, table)
        loads = 0
        for layer in self.layers[2:]:
            x, seen = layer.attend(x, table)
            loads = loads + torch.einsum("bhn,hrm->bnrm", seen[..., 1:], layer.brought()[:, at.load])
            opened = layer.opened(x)
            if layer is not self.layers[-1]:
                x = layer.mlp(x, opened)
        j = self.gates
        read = torch.einsum("oj,bnj,jr->bnor", layer.down[at.x, :j], opened[:, 1:, :j], layer.up[:j, at.load]) * self.unit
        return torch.einsum("bnor,bnrm->bnom", read, loads), torch.einsum("bnor,bnr->bno", read, x[:, 1:, at.load])

    def refine(self):
        """Adam with steps in proportion to each weight, on what is there in the layers with windows. The loss is the share of
        random x that no vector gives (at a ridge of 0.01 of a mean row)."""
        rates = {"q": 0.0003, "gate": 0.001, "v": 0.02, "o": 0.02, "up": 0.02, "down": 0.02}
        moved = []
        for layer in self.layers[2:]:
            for name, p in layer.named_parameters():
                there = p.detach().abs().clone()
                if name in rates and there.any():
                    moved.append((p, there, rates[name], torch.zeros_like(p), torch.zeros_like(p)))
        start, step, shown = time.time(), 0, time.time()
        ridge = 0.01 * torch.eye(2 * self.length)
        while (left := start + 60 * self.args.minutes - time.time()) > 0:
            a = self.maps(self.rows(2, self.length))[0].flatten(1, 2)
            size = a.pow(2).sum(-1).mean(1)
            factor = torch.linalg.cholesky(a @ a.mT / size[:, None, None] + ridge)
            missed = 0.01 * torch.cholesky_inverse(factor).diagonal(dim1=1, dim2=2).mean()
            gradients = torch.autograd.grad(missed, [p for p, *_ in moved])
            step += 1
            falling = min(1, step / 20, left / 40)
            with torch.no_grad():
                for (p, there, rate, m, s), g in zip(moved, gradients):
                    m.lerp_(g, 0.1)
                    s.lerp_(g * g, 0.05)
                    u = (m / (1 - 0.9 ** step)) / ((s / (1 - 0.95 ** step)).sqrt() + 1e-12)
                    p -= falling * rate * u * there
            if time.time() - shown > 15:
                shown = time.time()
                values = torch.linalg.svdvals(a[0].detach()) / size[0].detach().sqrt()
                print(f"step {step} missed {missed.item():.4f} singular values",
                      [round(v, 2) for v in values[::32].tolist()], flush=True)
        with torch.no_grad():
            sizes = torch.stack([self.maps(self.rows(4, self.length))[1].pow(2).mean().sqrt() for _ in range(4)])
            self.layers[-1].down[self.at.x] *= READING * self.args.spread / sizes.mean()

    def points(self):
        """Points [vocabulary, 2], exact in bfloat16: the frequent tokens in a row, the others in a band below, at random."""
        order, fine = self.counts.argsort(descending=True), 2 / self.args.frequent
        frequent, rare = order[:self.args.frequent], order[self.args.frequent:]
        c = torch.zeros(len(order), 2)
        c[frequent, 0] = torch.randperm(len(frequent)) * fine - 1
        k, columns = torch.randperm(len(rare)), self.args.frequent // 3
        row = torch.div(k, columns, rounding_mode="floor")
        c[rare, 0] = (3 * (k % columns) + row % 2) * fine - 1
        c[rare, 1] = -(12 + row) / 64
        return c

    @torch.no_grad()
    def smaller(self):
        """The LM's MLPs, with the neurons that matter most; what the others did is fitted on text, layer by layer."""
        lm, inner, text = copy.deepcopy(self.lm), self.args.intermediate, windows(self.data, 64, 256)
        kept_of = []
        for layer in lm.model.layers:
            seen, down = [], layer.mlp.down_proj.weight
            hook = layer.mlp.down_proj.register_forward_pre_hook(lambda _, a: seen.append(a[0].flatten(0, 1)))
            lm(input_ids=text, use_cache=False)
            hook.remove()
            kept, fitted = cut(down, torch.cat(seen), min(inner, down.size(1)))
            down.zero_()
            down[:, kept] = fitted
            kept_of.append(kept)
        return lm, kept_of

    @torch.no_grad()
    def assemble(self):
        args, at = self.args, self.at
        lm, kept_of = self.smaller()
        config = copy.deepcopy(lm.config)
        config.update({"hidden_size": at.size, "intermediate_size": args.intermediate,
                       "num_hidden_layers": len(self.layers) + len(lm.model.layers)})
        new = type(lm)(config).float()
        for p in new.parameters():
            p.zero_()
        narrower = math.sqrt(at.lm.stop / at.size)  # the mean square is taken over more dimensions
        c = self.points()
        e = new.model.embed_tokens.weight
        e[:, at.lm], e[:, at.constant] = self.embeddings, self.constant
        half = -c.pow(2).sum(1) / 2
        e[:, at.x], e[:, at.bias] = CODE * c, CODE * torch.stack([stored(half), half - stored(half)], 1)
        new.model.norm.weight[at.lm] = lm.model.norm.weight * narrower
        states = []
        hook = lm.model.norm.register_forward_pre_hook(lambda _, a: states.append(a[0]))
        lm(input_ids=windows(self.data, 8, 256))
        hook.remove()
        size = states[0].pow(2).mean().sqrt().item() * narrower
        for part in (at.x, at.bias):
            new.model.norm.weight[part] = args.sharpness * size / (CODE * READING)
        for a, b in zip(self.layers, new.model.layers):
            b.input_layernorm.weight.fill_(1)
            b.post_attention_layernorm.weight.fill_(1)
            attn, mlp = b.self_attn, b.mlp
            for source, target in ((a.q, attn.q_proj), (a.k, attn.k_proj), (a.v, attn.v_proj), (a.o, attn.o_proj),
                                   (a.gate, mlp.gate_proj), (a.up, mlp.up_proj), (a.down, mlp.down_proj)):
                target.weight.copy_(source)
        for a, b, kept in zip(lm.model.layers, new.model.layers[len(self.layers):], kept_of):
            b.input_layernorm.weight[at.lm] = a.input_layernorm.weight * narrower
            b.post_attention_layernorm.weight[at.lm] = a.post_attention_layernorm.weight * narrower
            for name in ("q_proj", "k_proj", "v_proj"):
                getattr(b.self_attn, name).weight[:, at.lm] = getattr(a.self_attn, name).weight
            b.self_attn.o_proj.weight[at.lm] = a.self_attn.o_proj.weight
            b.mlp.gate_proj.weight[:len(kept), at.lm] = a.mlp.gate_proj.weight[kept]
            b.mlp.up_proj.weight[:len(kept), at.lm] = a.mlp.up_proj.weight[kept]
            b.mlp.down_proj.weight[at.lm, :len(kept)] = a.mlp.down_proj.weight[:, kept]
        return new

    def build(self):
        self.hide()
        self.count()
        self.tell()
        self.open_windows()
        self.open_gates()
        self.refine()
        self.finish()
        model = self.assemble()
        print("parameters", sum(p.numel() for p in model.parameters()), "dimensions", self.at.size, "positions", self.length)
        export(model, self.args.model, self.args.out)


if __name__ == "__main__":
    args = arguments()
    torch.set_num_threads(args.threads)
    Builder(args).build()
