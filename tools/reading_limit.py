"""How much can a model read from one vector that is trained for nothing else? Nats a dimension, for uniformly random tokens.

A small Llama-like model learns from the start, as train_reader.py teaches: vectors of texts are moved --burst steps, then the
texts give --lessons. There is no language to learn, and no text can be guessed. At the end vectors of 16 new texts of each
length get --steps. What is printed: cross-entropy (nats) and accuracy by length; the Information Gain of the best length a
dimension; the Token Gain of the best length and its share of the bound of Eq. 1 with 16 bits (Kuratov et al. 2025).
"""
import argparse, math, os, time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
import torch
import torch.nn.functional as F

from frozen_llama import Rotations, attend
from train_reader import Muon, Vectors, nats

LENGTHS, TEXTS = (8, 11, 14, 17, 20, 24, 28, 34, 40), 16


def arguments():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--vocabulary", type=int, default=256)
    a.add_argument("--width", type=int, default=64, help="hidden size, the dimensions of a vector")
    a.add_argument("--layers", type=int, default=4)
    a.add_argument("--heads", type=int, default=8)
    a.add_argument("--groups", type=int, default=2, help="key-value heads")
    a.add_argument("--dim", type=int, default=16, help="of a head")
    a.add_argument("--intermediate", type=int, default=128)
    a.add_argument("--theta", type=float, default=10000.0, help="base of RoPE")
    a.add_argument("--positions", type=float, default=1.0, help="what the positions of RoPE are multiplied by")
    a.add_argument("--deviation", type=float, default=7.5, help="of a vector's elements at the start; embeddings': 0.1")
    a.add_argument("--tokens", type=int, default=640, help="of a batch")
    a.add_argument("--burst", type=int, default=60, help="steps on new vectors before the model learns from them")
    a.add_argument("--lessons", type=int, default=4, help="how often the model learns from the same texts")
    a.add_argument("--pool", type=int, default=4, help="batches that take turns")
    a.add_argument("--target", type=float, default=1.0, help="nats a token at which texts get longer")
    a.add_argument("--lr", type=float, default=0.01, help="of Muon; AdamW takes a quarter")
    a.add_argument("--minutes", type=float, default=5, help="of training; in the last 1.5 the learning rate falls to zero")
    a.add_argument("--steps", type=int, default=300, help="on the vectors of the texts that are measured")
    a.add_argument("--threads", type=int, default=1)
    a.add_argument("--seed", type=int, default=1)
    return a.parse_args()


def norm(x):
    return x * (x.pow(2).mean(-1, keepdim=True) + 1e-6).rsqrt()


def matrix(inputs, outputs, gain=1.0):
    return torch.nn.Parameter(torch.randn(outputs, inputs) * gain / math.sqrt(inputs))


class Layer(torch.nn.Module):
    def __init__(self, args):
        super().__init__()
        self.dim, self.groups = args.dim, args.groups
        # as attend expects them, queries are divided by the square root of a head's size
        self.scales = torch.cat([torch.full((args.heads, 1), args.dim ** -0.5), torch.ones(2 * args.groups, 1)])
        self.qkv = matrix(args.width, (args.heads + 2 * args.groups) * args.dim)
        self.out = matrix(args.heads * args.dim, args.width, 0.3)
        self.gate_up = matrix(args.width, 2 * args.intermediate)
        self.down = matrix(args.intermediate, args.width, 0.3)

    def forward(self, x, table):
        texts, rows, _ = x.shape
        qkv = F.linear(norm(x), self.qkv).view(texts, rows, -1, self.dim) * self.scales
        x = x + F.linear(attend(qkv, self.groups, *table), self.out)
        gate, up = F.linear(norm(x), self.gate_up).chunk(2, -1)
        return x + F.linear(F.silu(gate) * up, self.down)


class Reader(torch.nn.Module):
    def __init__(self, args):
        super().__init__()
        self.args = args
        self.embeddings = torch.nn.Parameter(torch.randn(args.vocabulary, args.width) * 0.1)
        self.head = torch.nn.Parameter(torch.randn(args.vocabulary, args.width) * 0.1)
        self.layers = torch.nn.ModuleList(Layer(args) for _ in range(args.layers))
        frequencies = args.positions * args.theta ** (-torch.arange(0, args.dim, 2) / args.dim)
        self.rotations = Rotations(frequencies, torch.float32)

    def forward(self, vectors, x):
        """Logits [texts, n, vocabulary] of vectors [texts, 1, width] and the texts [texts, n] after them."""
        h = torch.cat([vectors, F.embedding(x, self.embeddings)], 1)
        table = self.rotations.of(h.size(1))
        for layer in self.layers:
            h = layer(h, table)
        return 3 * F.linear(norm(h[:, :-1]), self.head)

    def predict(self, vectors, x):
        return nats(self(vectors, x), x)


def random_vectors(model, count, n):
    """Random vectors of so many random texts of n tokens."""
    args = model.args
    return Vectors(torch.randint(0, args.vocabulary, (count, n)), args.width, args.deviation)


def train(model, args):
    matrices = list(model.layers.parameters())
    muon = Muon(matrices, torch.float32)
    adam = torch.optim.AdamW([model.embeddings, model.head], lr=0, betas=(0.9, 0.95), weight_decay=0)
    length, pool, steps, shown = 4.0, {}, 0, time.time()
    end = shown + 60 * args.minutes
    while (left := end - time.time()) > 0:
        texts = pool.get(steps % args.pool)
        if texts is None or texts.lessons >= args.lessons:
            n = int(min(200, max(2, math.exp(torch.randn(1).item() * 0.2 + math.log(length)))))
            texts = pool[steps % args.pool] = random_vectors(model, max(8, args.tokens // n), n)
            texts.move(model.predict, args.burst)
        texts.move(model.predict, 1)
        loss, _ = texts.teach(model.predict)
        length = max(3.0, length * (1.004 if loss.mean().item() < args.target else 0.998))
        lr = args.lr * min(1, (steps + 1) / 40) * min(1, left / 90)
        muon.step(lr)
        for group in adam.param_groups:
            group["lr"] = lr / 4
        adam.step()
        adam.zero_grad()
        steps += 1
        if time.time() - shown > 60:
            shown = time.time()
            print(f"step {steps} length {length:.1f} crossEntropy {loss.mean().item():.2f}", flush=True)
    return steps


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    model = Reader(args)
    print("parameters", sum(p.numel() for p in model.parameters()), flush=True)
    steps = train(model, args)
    nats, gained = 0.0, 0.0
    for n in LENGTHS:
        torch.manual_seed(7)
        loss, right = random_vectors(model, TEXTS, n).move(model.predict, args.steps)
        loss, accuracy = loss.mean().item(), right.float().mean().item()
        print(f"{n} tokens: crossEntropy {loss:.2f} accuracy {accuracy:.3f}", flush=True)
        nats = max(nats, n * (math.log(args.vocabulary) - loss))
        gained = max(gained, n * (accuracy - 1 / args.vocabulary))
    utilisation = gained * math.log2(args.vocabulary) / (16 * args.width)
    print(f"steps {steps} nats a dimension {nats / args.width:.2f} Token Gain {gained:.1f} utilisation {utilisation:.3f}")


if __name__ == "__main__":
    main()
