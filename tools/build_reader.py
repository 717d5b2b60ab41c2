"""Build a model that reads a long text from one input vector out of an LM that cannot: five layers in front of it, made and not trained.

A token is a point c of a line. The built layers give each position a linear map of the vector to a number x, and logits become those of
the LM plus

    sharpness * (c * x - c^2 / 2)

so that the token wins whose point is nearest to x, but for what the LM expects. That is convex in x, and x is linear in the vector, each
position's at a right angle to any other's: a quasi-Newton method finds the vector in some twenty steps. (Where tokens are told apart by
embeddings of full size, a dimension holds one to two bits; see docs/model.md.) What limits it is how many numbers float32 tells apart:
logits are of up to 1e8. The residual stream gets some forty dimensions more for all this. The layers:

1     Squares of what is in the LM's dimensions: much of a vector, next to nothing of tokens, whose embeddings get one large constant.
      They make the vector very long in a dimension of its own, so that all layers read it linearly and the LM does not see it.
2     Counters: attention to tokens rises with their number so far, in each head around another number; the last head's does not, and
      tells whether there is a vector. The MLP makes a clock of the counters: which window a position belongs to, and which of the
      window's positions it is.
3..5  Windows: each head attends to the vector in one window alone, and brings its share of the vector's dimensions. Windows take turns,
      position by position. In the last of these MLPs, each of a window's positions has neurons of its own, which read x from the share.
      What follows from the clock follows from it flatly, so that rounding does not matter.

The LM itself is not trained: its MLPs are cut to the neurons that matter most. Such a model reads one vector, and in float32 alone.
"""
import argparse, copy, glob, math, os

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
CONSTANT = 2.0 ** 17  # in the embeddings of tokens, which are some 2 long
SINK = 1e5  # how much longer a vector gets
LONGER = 8  # how many times as long as where Cram's recipe starts a vector is whose x are of size 1
COUNTER, CLOCK, LOAD, READING = 0.02, 0.02, 0.01, 0.01  # sizes in the residual stream, small beside the LM's
CODE = 2.0 ** -50  # size of the points in the embeddings, so that a token does not see its own
FINE = 1 / 64  # a second constant, as a part of the first, for thresholds that bfloat16 could not tell apart
FLAT, RAMP = 20, 4  # a gate is the difference of two neurons that open RAMP before and after its threshold; rows are FLAT away from that


def arguments():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("model", help="Hugging Face directory of an LM of the Llama architecture, heads of 64")
    a.add_argument("out", help="directory of the new model")
    a.add_argument("--books", required=True, help="folder of plain-text books (*.txt), for token frequencies and cutting the MLPs")
    a.add_argument("--cache", required=True, help="folder for the books' tokens")
    a.add_argument("--intermediate", type=int, default=488, help="neurons of each MLP")
    a.add_argument("--layers", type=int, default=3, help="layers with windows, one a head")
    a.add_argument("--share", type=int, default=24, help="dimensions of the vector that a window reads, and tokens of it")
    a.add_argument("--apart", type=float, default=20, help="by how many logits a frequent token wins where x is its point")
    a.add_argument("--middle", type=int, default=700, help="tokens on either side whose points are equally far apart")
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--seed", type=int, default=2)
    return a.parse_args()


def norm(x):
    return x * (x.pow(2).mean(-1, keepdim=True) + 1e-5).rsqrt()


def stored(x):
    """As the model's file will have it."""
    return torch.as_tensor(x).bfloat16().float()


def parts(x, count):
    """Numbers [..] as sums of count numbers that bfloat16 holds [count, ..]."""
    found = []
    for _ in range(count):
        found.append(stored(x))
        x = x - found[-1].to(x.dtype)
    return torch.stack(found)


def waves(k, count):
    """Number k of count on a circle, and on one that turns twice [.., 4]."""
    return torch.stack([f(2 * math.pi * turns * k / count) for turns in (1, 2) for f in (torch.cos, torch.sin)], -1)


def nearest(count):
    """Half the product of a number's waves and another's is 1 if they are the same number, and otherwise below this by as much as below 1."""
    zero, one = waves(torch.arange(2), count)
    return (1 + (zero @ one).item() / 2) / 2


class Layout:
    """Dimensions of the residual stream: the LM's, then ours."""

    def __init__(self, width, heads, share):
        at = width

        def take(count):
            nonlocal at
            at += count
            return slice(at - count, at)

        self.lm = slice(0, width)
        self.constant, self.fine, self.x, self.bias = take(1), take(1), take(2), take(3)
        self.window, self.within = take(4), take(4)
        self.counters, self.sink, self.load = take(heads), take(1), take(share)
        self.size = -(-at // heads) * heads


class Layer(torch.nn.Module):
    """A Llama layer whose norms have no weights."""

    def __init__(self, size, heads, groups, dim, neurons):
        super().__init__()
        self.heads, self.groups, self.dim = heads, groups, dim

        def matrix(outputs, inputs):
            return torch.nn.Parameter(torch.zeros(outputs, inputs), requires_grad=False)

        self.q, self.k, self.v = matrix(heads * dim, size), matrix(groups * dim, size), matrix(groups * dim, size)
        self.o = matrix(size, heads * dim)
        self.gate, self.up, self.down = matrix(neurons, size), matrix(neurons, size), matrix(size, neurons)

    def attend(self, x, table):
        cos, sin, mask = table
        y = norm(x)
        qk = torch.cat([F.linear(y, self.q) * self.dim ** -0.5, F.linear(y, self.k)], -1).unflatten(-1, (-1, self.dim))
        qk = qk * cos + qk.roll(self.dim // 2, -1) * sin
        per = self.heads // self.groups
        q, k = qk[:, :, :self.heads], qk[:, :, self.heads:].repeat_interleave(per, 2)
        a = (torch.einsum("brhd,bshd->bhrs", q, k) + mask).softmax(-1)
        v = F.linear(y, self.v).unflatten(-1, (self.groups, self.dim)).repeat_interleave(per, 2)
        return x + F.linear(torch.einsum("bhrs,bshd->brhd", a, v).flatten(2), self.o)

    def forward(self, x, table):
        x = self.attend(x, table)
        y = norm(x)
        return x + F.linear(F.silu(F.linear(y, self.gate)) * F.linear(y, self.up), self.down)


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
        self.narrower = math.sqrt(self.at.lm.stop / self.at.size)  # the mean square is taken over more dimensions
        # what the constant, and what 1 elsewhere, become by a norm
        self.one = math.sqrt(self.at.size / (1 + FINE ** 2))
        self.unit = self.one / CONSTANT
        self.windows = args.layers * self.heads
        self.length = self.windows * args.share
        # Cram's recipe starts with vectors 150 times as long as embeddings
        self.start = 150 * self.embeddings_with_constants().std().item()
        self.directions = self.read_at_right_angles()
        frequencies = self.lm.model.rotary_emb.inv_freq
        self.frequencies, self.rotations = frequencies, Rotations(frequencies, torch.float32)
        self.layers = [Layer(self.at.size, self.heads, self.groups, self.dim, args.intermediate) for _ in range(2 + args.layers)]
        self.cut_mlps()

    def embeddings_with_constants(self):
        e = torch.zeros(len(self.embeddings), self.at.size)
        e[:, self.at.lm], e[:, self.at.constant], e[:, self.at.fine] = self.embeddings, CONSTANT, CONSTANT * FINE
        return e

    def rows(self, texts, n):
        """Rows of random texts of n tokens after random vectors [texts, 1 + n, size]."""
        vectors = torch.randn(texts, 1, self.at.size) * self.start * LONGER
        return torch.cat([vectors, self.embeddings_with_constants()[windows(self.data, texts, n)]], 1)

    def constants(self, row, value):
        """Lets rows [.., size] of a matrix that reads the normed stream add a number, to more places than bfloat16 has."""
        row[..., self.at.constant.start] = coarse = stored(torch.as_tensor(value) / self.one)
        row[..., self.at.fine.start] = (torch.as_tensor(value) / self.one - coarse) / FINE

    def gates(self, layer, first, rows, threshold):
        """Neurons, from the first on, for each row of rows [count, size]: two that together give 2 * RAMP where row . y is well above
        the threshold, and nothing well below. Returns where those that count and those that are taken away are."""
        count = len(rows)
        for i, offset in enumerate((RAMP, -RAMP)):
            part = slice(first + i * count, first + (i + 1) * count)
            layer.gate[part] = rows
            self.constants(layer.gate[part], offset - threshold)
        return slice(first, first + count), slice(first + count, first + 2 * count)

    def read_at_right_angles(self):
        """Directions of a normed vector [1 + windows * share, size], of which all x are made; the first is for the first token."""
        at = self.at
        free = torch.ones(at.size, dtype=torch.bool)
        for part in (at.constant, at.fine, at.x, at.bias, at.sink):
            free[part] = False
        directions = torch.zeros(1 + self.length, at.size)
        directions[:, free] = torch.linalg.qr(torch.randn(int(free.sum()), int(free.sum())))[0][:len(directions)]
        return directions

    def hide(self):
        """Squares of what is in the LM's dimensions, by pairs of neurons: of vectors they add up to much, of tokens, which are nearly
        constant, to nothing."""
        layer, at, pairs = self.layers[0], self.at, self.args.intermediate // 2
        w = torch.linalg.qr(torch.randn(at.lm.stop, at.lm.stop))[0][:pairs]
        for sign, part in ((1, slice(0, len(w))), (-1, slice(len(w), 2 * len(w)))):
            layer.up[part, at.lm], layer.gate[part, at.lm] = sign * w, 4 * sign * w
            layer.down[at.sink, part] = SINK * self.start / (4 * len(w))
        layer.down.copy_(stored(layer.down))
        rows = self.rows(64, 2)
        self.sink = layer(rows, self.rotations.of(3))[:, 0, at.sink].mean().item()
        # by this, a direction of a vector that is normed beside the sink is a number of size 1
        self.reading = self.sink / (math.sqrt(at.size) * LONGER * self.start)

    def count(self):
        """Attention to the vector is 1 / (1 + F(p)), F the sum over the tokens so far of the exponential of a score that is
        linear in their distance; RoPE's sine is, over some hundred tokens."""
        layer, pair, still = self.layers[1], self.dim * 5 // 16, self.dim // 2 - 1
        slope = 13.4 / self.length
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

    def clock(self):
        """What positions 0..length have in window and within [length + 1, 8]; the last has nothing."""
        p = torch.arange(self.length)
        within = torch.div(p, self.windows, rounding_mode="floor")
        known = torch.cat([waves(p, self.windows), waves(within, self.args.share)], 1)
        return F.pad(known, (0, 0, 0, 1))

    def tell(self):
        """The clock from the counters, linear between two positions: there, neurons of the counter that rises most open one by one.
        Their weights are whole multiples of one number, so that bfloat16 does not spoil the sums."""
        layer, at, n = self.layers[1], self.at, self.length + 1
        for a in self.layers:
            for p in a.parameters():
                p.copy_(stored(p))
        table = self.rotations.of(n + 1)
        y = norm(layer.attend(self.layers[0](self.rows(16, n), table), table))[:, 1:]
        counters = y.mean(0)[:, at.counters][:, :-1]
        gap, best = counters.diff(dim=0).max(1)
        noise = y[:, 1:, at.counters].std(0)[:, :-1].gather(1, best[:, None]).squeeze(1) / gap
        print("counters: smallest step", (gap.min() / (COUNTER * self.unit)).item(), "noise, of a step", noise.max().item())
        target, clock = self.clock() * CLOCK, slice(at.window.start, at.within.stop)
        always = self.args.intermediate - 1
        layer.gate[always, at.constant], layer.up[always, at.constant] = stored(20 / self.one), stored(1 / self.one)
        now = stored(target[0] / (layer.gate[always, at.constant] * self.one))
        layer.down[clock, always] = now
        now = now * layer.gate[always, at.constant] * self.one
        neuron = 0
        for h in range(self.heads - 1):
            here = (best == h).nonzero().squeeze(1)
            steep = stored(2 * FLAT / gap[here].min())
            knots = counters[here[0]:here[-1] + 2, h]
            part = slice(neuron, neuron + len(knots))
            layer.gate[part, at.counters.start + h] = steep
            self.constants(layer.gate[part], -steep * knots)
            layer.up[part, at.constant] = 1 / self.one
            heights = steep * knots.diff()
            largest = (target[here + 1] - target[here]).abs().div(heights[:, None]).amax(0)
            quantum = 2 ** torch.log2(largest / 126).ceil()
            weights = torch.zeros(len(knots) + 1, target.size(1))
            for i, p in enumerate(here.tolist()):  # what rounding loses at one position is made up for at the next
                weights[i + 1] = ((target[p + 1] - now) / heights[i] / quantum).round()
                now = now + weights[i + 1] * quantum * heights[i]
            layer.down[clock, part] = (weights.diff(dim=0, append=torch.zeros(1, target.size(1)))[:len(knots)] * quantum).T
            neuron += len(knots)
        print("clock: neurons", neuron)
        layer.gate.copy_(stored(layer.gate))
        layer.down.copy_(stored(layer.down))
        y = layer(self.layers[0](self.rows(16, n), table), table)[:, 1:, clock]
        print("clock: largest errors", [round(e, 4) for e in ((y - target).abs().amax((0, 1)) / CLOCK).tolist()])

    def open_windows(self):
        """In its window a head's scores of tokens are very low, so that it attends to the vector; elsewhere they are high."""
        at, share, still = self.at, self.args.share, self.dim // 2 - 1
        reads = self.directions[1:] * self.reading
        near = nearest(self.windows)
        steep = 40 / (1 - near)
        scale = math.sqrt(self.dim)
        per = self.heads // self.groups
        for i, layer in enumerate(self.layers[2:]):
            for h in range(self.heads):
                w, group = i * self.heads + h, h // per
                layer.k[group * self.dim + still, at.constant] = 1 / self.one
                wave = waves(torch.tensor(w), self.windows)
                layer.q[h * self.dim + still, at.window] = -steep * wave / 2 * scale / (CLOCK * self.unit)
                layer.q[h * self.dim + still, at.constant] = steep * near * scale / self.one
                first = h % per * share
                layer.v[group * self.dim + first:group * self.dim + first + share] = reads[w * share:(w + 1) * share]
                layer.o[at.load, h * self.dim + first:h * self.dim + first + share] = LOAD * torch.eye(share)

    def read_positions(self):
        """x of each position of a window, which read its share at right angles, and the bias of the points."""
        at, layer, k = self.at, self.layers[-1], self.args.share
        steep = (FLAT + RAMP) / (1 - nearest(k))
        rows = torch.zeros(k, at.size)
        rows[:, at.within] = waves(torch.arange(k), k) / 2 * steep / (CLOCK * self.unit)
        rows[:, at.counters.stop - 1] = -20 * steep / (COUNTER * self.unit)  # this counter is 1 if there is no vector
        readings = torch.linalg.qr(torch.randn(k, k))[0]
        for sign, x, bias in zip((1, -1), self.gates(layer, 0, stored(rows), steep * nearest(k)),
                                 self.gates(layer, 2 * k, stored(rows), steep * nearest(k))):
            layer.up[x, at.load] = sign * readings / (LOAD * self.unit) / (2 * RAMP)
            layer.down[at.x, x] = READING
            layer.up[bias, at.constant] = sign / self.one / (2 * RAMP)
            layer.down[at.bias, bias] = READING

    def read_first(self):
        """The same for the vector's own row, where there is no window. The last norm finds it so long that the vector itself is nothing."""
        at, layer, x = self.at, self.layers[-1], 4 * self.args.share
        bias, sink = x + 1, x + 2
        for neuron in (x, bias, sink):
            layer.gate[neuron, at.sink], layer.gate[neuron, at.constant] = 40 / math.sqrt(at.size), -100 / self.one
            layer.up[neuron, at.sink] = 1 / math.sqrt(at.size)
        layer.up[x] = self.directions[0] * self.reading
        longer = SINK * self.sink / 40
        layer.down[at.sink, sink] = longer
        layer.down[at.x, x] = layer.down[at.bias, bias] = READING * longer / math.sqrt(at.size) / self.size

    def finish(self):
        """Takes from tokens what is there but for these layers: the constants, and the little that is in the sink."""
        at, layer, neuron = self.at, self.layers[-1], self.args.intermediate
        for source, target, size in ((at.constant, at.constant, 1), (at.constant, at.fine, FINE), (at.sink, at.sink, 1)):
            taken = 0
            for _ in range(3):  # the next one takes what the last, rounded, has left
                neuron -= 1
                layer.gate[neuron, at.constant], layer.up[neuron, source] = stored(20 / self.one), stored(self.one / 40)
                factor = layer.gate[neuron, at.constant] * self.one * layer.up[neuron, source] * self.unit
                layer.down[target, neuron] = stored((taken - size) / factor)
                taken = taken + (-layer.down[target, neuron] * factor).item()

    def points(self):
        """Points [vocabulary] of a line, in two parts, and how far apart the first are: frequent tokens in the middle, rare ones outside,
        where they are farther apart, as numbers of this size are in float32."""
        order, middle = self.counts.argsort(descending=True), self.args.middle
        steps = torch.arange(len(order) // 2 + 1, dtype=torch.double)
        away = torch.where(steps < middle, steps, middle * torch.exp((steps - middle) / middle))
        c = torch.zeros(len(order), dtype=torch.double)
        c[order[0::2]], c[order[1::2]] = away[:len(order[0::2])], -away[1:][:len(order[1::2])]
        fine = 1 / (self.counts / self.counts.sum() * c * c).sum().sqrt().item()
        return parts(c * fine, 2).T, fine

    def cut_mlps(self):
        """The LM's MLPs with the neurons that matter most; what the others did is fitted on text, layer by layer."""
        lm, inner, text = copy.deepcopy(self.lm), self.args.intermediate, windows(self.data, 64, 256)
        seen = []
        self.kept = []
        for layer in lm.model.layers:
            seen.clear()
            down = layer.mlp.down_proj.weight
            hook = layer.mlp.down_proj.register_forward_pre_hook(lambda _, a: seen.append(a[0].flatten(0, 1)))
            lm(input_ids=text, use_cache=False)
            hook.remove()
            kept, fitted = cut(down, torch.cat(seen), min(inner, down.size(1)))
            down.zero_()
            down[:, kept] = fitted
            self.kept.append(kept)
        hook = lm.model.norm.register_forward_pre_hook(lambda _, a: seen.append(a[0]))
        seen.clear()
        lm(input_ids=text[:8], use_cache=False)
        hook.remove()
        self.smaller, self.size = lm, seen[0].pow(2).mean().sqrt().item() * self.narrower

    def assemble(self):
        args, at, lm, narrower = self.args, self.at, self.smaller, self.narrower
        config = copy.deepcopy(lm.config)
        config.update({"hidden_size": at.size, "intermediate_size": args.intermediate,
                       "num_hidden_layers": len(self.layers) + len(lm.model.layers)})
        new = type(lm)(config).float()
        for p in new.parameters():
            p.zero_()
        c, fine = self.points()
        e = new.model.embed_tokens.weight
        e.copy_(self.embeddings_with_constants())
        e[:, at.x], e[:, at.bias] = CODE * c, CODE * parts(-c.double().sum(1).pow(2) / 2, 3).T
        new.model.norm.weight[at.lm] = lm.model.norm.weight * narrower
        for part in (at.x, at.bias):
            new.model.norm.weight[part] = 2 * args.apart / fine ** 2 * self.size / (CODE * READING)
        for a, b in zip(self.layers, new.model.layers):
            b.input_layernorm.weight.fill_(1)
            b.post_attention_layernorm.weight.fill_(1)
            attn, mlp = b.self_attn, b.mlp
            for source, target in ((a.q, attn.q_proj), (a.k, attn.k_proj), (a.v, attn.v_proj), (a.o, attn.o_proj),
                                   (a.gate, mlp.gate_proj), (a.up, mlp.up_proj), (a.down, mlp.down_proj)):
                target.weight.copy_(source)
        for a, b, kept in zip(lm.model.layers, new.model.layers[len(self.layers):], self.kept):
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
        self.read_positions()
        self.read_first()
        self.finish()
        model = self.assemble()
        print("parameters", sum(p.numel() for p in model.parameters()), "dimensions", self.at.size, "positions", self.length)
        export(model, self.args.model, self.args.out)


if __name__ == "__main__":
    args = arguments()
    torch.set_num_threads(args.threads)
    with torch.no_grad():
        Builder(args).build()
