"""The forward pass of a frozen Llama in bfloat16, for steps on vectors alone: three quarters of the time that autocast takes.

Norms' weights are in the matrices that read from them, products that have the same input are one, and what is read from one
key-value head is one product.
"""
import torch
import torch.nn.functional as F


class Norm(torch.autograd.Function):
    """x / rms(x) in bfloat16, of x [.., hiddenSize] in float32."""

    @staticmethod
    def forward(ctx, x, eps):
        r = (x.pow(2).mean(-1, keepdim=True) + eps).rsqrt()
        y = (x * r).bfloat16()
        ctx.save_for_backward(y, r)
        return y

    @staticmethod
    def backward(ctx, g):
        y, r = ctx.saved_tensors
        g, y = g.float(), y.float()
        return (g - y * (g * y).mean(-1, keepdim=True)).mul_(r), None


class CrossEntropy(torch.autograd.Function):
    """Nats [..] and the most likely token [..], of logits [.., vocabulary] in bfloat16 and targets [..]."""

    @staticmethod
    def forward(ctx, logits, targets):
        logits = logits.float()
        highest, best = logits.max(-1)
        target = logits.gather(-1, targets[..., None]).squeeze(-1)
        p = logits.sub_(highest[..., None]).exp_()
        total = p.sum(-1)
        ctx.save_for_backward(p.div_(total[..., None]).bfloat16(), targets)
        ctx.mark_non_differentiable(best)
        return highest + total.log() - target, best

    @staticmethod
    def backward(ctx, g, _):
        p, targets = ctx.saved_tensors
        g = g[..., None].bfloat16()
        return (p * g).scatter_add_(-1, targets[..., None], -g), None


class Rotations:
    """By number of rows: cosines and signed sines [rows, 1, headDim], and the causal mask [rows, rows]; of frequencies [headDim / 2]."""

    def __init__(self, frequencies, dtype):
        self.frequencies, self.dtype, self.tables = frequencies, dtype, {}

    def of(self, rows):
        if rows not in self.tables:
            angles = torch.arange(rows)[:, None] * self.frequencies
            cos, sin = angles.cos(), angles.sin()
            mask = torch.full((rows, rows), -torch.inf).triu(1)
            table = torch.cat([cos, cos], -1)[:, None], torch.cat([-sin, sin], -1)[:, None], mask
            self.tables[rows] = [t.to(self.dtype) for t in table]
        return self.tables[rows]


def attend(qkv, groups, cos, sin, mask):
    """What causal attention reads [texts, rows, heads * headDim]; qkv [texts, rows, heads + 2 * groups, headDim], queries scaled."""
    texts, rows, _, dim = qkv.shape
    heads = qkv.size(2) - 2 * groups
    qk = qkv[:, :, :heads + groups]
    qk = qk * cos + qk.roll(dim // 2, -1) * sin
    q = qk[:, :, :heads].reshape(texts, rows, groups, -1, dim).permute(0, 2, 3, 1, 4).reshape(texts * groups, -1, dim)
    k = qk[:, :, heads:].permute(0, 2, 3, 1).reshape(texts * groups, dim, rows)
    v = qkv[:, :, heads + groups:].transpose(1, 2).reshape(texts * groups, rows, dim)
    attention = (torch.bmm(q, k).view(texts * groups, -1, rows, rows) + mask).softmax(-1)
    z = torch.bmm(attention.view(texts * groups, -1, rows), v).view(texts, groups, -1, rows, dim)
    return z.permute(0, 3, 1, 2, 4).reshape(texts, rows, -1)


class FrozenLlama:
    """The weights of a model as they are now."""

    @torch.no_grad()
    def __init__(self, model):
        config = model.config
        self.eps, self.groups = config.rms_norm_eps, config.num_key_value_heads
        self.dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        self.rotations = Rotations(model.model.rotary_emb.inv_freq, torch.bfloat16)
        self.embeddings = model.model.embed_tokens.weight.detach()

        def after(norm, *weights):
            return (torch.cat(weights) * norm.weight).bfloat16()

        self.layers = []
        for layer in model.model.layers:
            a, mlp = layer.self_attn, layer.mlp
            self.layers.append((
                after(layer.input_layernorm, a.q_proj.weight * self.dim ** -0.5, a.k_proj.weight, a.v_proj.weight),
                a.o_proj.weight.bfloat16(),
                after(layer.post_attention_layernorm, mlp.gate_proj.weight, mlp.up_proj.weight),
                mlp.down_proj.weight.bfloat16()))
        self.head = after(model.model.norm, model.lm_head.weight)

    def read(self, vectors, targets):
        """Nats and the most likely tokens [texts, n], given vectors [texts, count, hiddenSize] and targets [texts, n]."""
        x = torch.cat([vectors, F.embedding(targets, self.embeddings)], 1)
        texts, rows, _ = x.shape
        table = self.rotations.of(rows)
        for qkv, out, gate_up, down in self.layers:
            y = F.linear(Norm.apply(x, self.eps), qkv).view(texts, rows, -1, self.dim)
            x = x + F.linear(attend(y, self.groups, *table), out)
            gate, up = F.linear(Norm.apply(x, self.eps), gate_up).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, down)
        states = Norm.apply(x[:, vectors.size(1) - 1:-1], self.eps)
        return CrossEntropy.apply(F.linear(states, self.head), targets)
