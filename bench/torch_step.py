#!/usr/bin/env python3
"""Times one optimisation step of the per-text recipe of Kuratov et al. (2025) in PyTorch and transformers.

A step is what their training loop does for one text: K trainable [mem] vectors in front of the embeddings of the
tokens t1..tn, forward through a frozen causal LM, mean cross-entropy of t2..tn (the logits of the [mem] positions are
dropped), accuracy by argmax, backward, AdamW (lr 0.01, betas 0.9/0.9, weight decay 0.01). Weights and tokens are
random, since neither changes how long a step takes.

What would only slow PyTorch down is left out: no key-value cache, no attention mask, no list of hidden states.

bf16 is measured in both ways that a user has: "autocast" (weights in float32, torch.autocast, as the authors do) and
"cast" (weights converted to bfloat16 once, [mem] and loss in float32). The faster one is the result of the case.

Prints one line of JSON a case.
"""
import argparse
import contextlib
import json
import statistics
import time

import torch
from transformers import AutoConfig, AutoModelForCausalLM


def llama(hidden, layers, heads, kv_heads, head_dim, intermediate, vocabulary, rope_theta, positions):
    return dict(
        model_type="llama", hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
        num_key_value_heads=kv_heads, head_dim=head_dim, intermediate_size=intermediate, vocab_size=vocabulary,
        rope_parameters=dict(rope_type="default", rope_theta=rope_theta), max_position_embeddings=positions,
        rms_norm_eps=1e-5, initializer_range=0.02, tie_word_embeddings=True)


def pythia(hidden, layers, heads):
    return dict(
        model_type="gpt_neox", hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=4 * hidden, vocab_size=50304, max_position_embeddings=2048)


SHAPES = {
    "smollm2-135m": llama(576, 30, 9, 3, 64, 1536, 49152, 100000.0, 8192),
    "llama-3.2-1b": llama(2048, 16, 32, 8, 64, 8192, 128256, 500000.0, 131072),
    "cram-tiny": llama(512, 8, 4, 2, 64, 384, 4096, 10000.0, 2048),
    "pythia-160m": pythia(768, 12, 12),
    "pythia-410m": pythia(1024, 24, 16),
    "opt-125m": dict(
        model_type="opt", hidden_size=768, num_hidden_layers=12, num_attention_heads=12, ffn_dim=3072, vocab_size=50272,
        max_position_embeddings=2048, word_embed_proj_dim=768),
    "mamba-130m": dict(
        model_type="mamba", hidden_size=768, num_hidden_layers=24, state_size=16, conv_kernel=4, expand=2,
        time_step_rank=48, vocab_size=50280),
}
VARIANTS = {"f32": ["f32"], "bf16": ["autocast", "cast"]}
WARM_UP_SECONDS = 2
LEAST_STEPS = 3  # of steps that take long


def load(shape, variant):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**SHAPES[shape])).eval().requires_grad_(False)
    return model.to(torch.bfloat16) if variant == "cast" else model


def build_step(model, n, vectors, variant):
    """Returns a function that makes one optimisation step and returns (loss, accuracy)."""
    std = model.get_input_embeddings().weight.float().std()
    mem = torch.nn.Parameter(torch.randn(1, vectors, model.config.hidden_size) * std)
    tokens = torch.randint(model.config.vocab_size, (1, n))
    targets = tokens[0, 1:]
    optimizer = torch.optim.AdamW([mem], lr=0.01, betas=(0.9, 0.9), weight_decay=0.01)

    def step():
        autocast = torch.autocast("cpu", torch.bfloat16) if variant == "autocast" else contextlib.nullcontext()
        with autocast:
            embeddings = model.get_input_embeddings()(tokens)
            rows = torch.cat([mem.to(embeddings.dtype), embeddings], dim=1)
            logits = model(inputs_embeds=rows, use_cache=False).logits[0, vectors:-1]
            loss = torch.nn.functional.cross_entropy(logits.float(), targets)
            accuracy = (logits.argmax(-1) == targets).float().mean().item()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item(), accuracy

    return step


def measure(step, seconds):
    """Runs the step for at least that many seconds, after a warm-up; returns the milliseconds of each step."""
    warm_up_end = time.perf_counter() + WARM_UP_SECONDS
    step()
    while time.perf_counter() < warm_up_end:
        step()

    milliseconds = []
    end = time.perf_counter() + seconds
    while len(milliseconds) < LEAST_STEPS or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        milliseconds.append((time.perf_counter() - start) * 1e3)
    return milliseconds


def summary(milliseconds):
    return dict(median_ms=round(statistics.median(milliseconds), 3), min_ms=round(min(milliseconds), 3),
                max_ms=round(max(milliseconds), 3), steps=len(milliseconds))


def numbers(text):
    return [int(number) for number in text.split()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="smollm2-135m")
    parser.add_argument("--n", type=numbers, default=[64, 256], help="tokens of the text, such as '64 256'")
    parser.add_argument("--vectors", type=numbers, default=[1], help="K, such as '1 16'")
    parser.add_argument("--precision", choices=VARIANTS, default="f32")
    parser.add_argument("--threads", type=numbers, default=[torch.get_num_threads()])
    parser.add_argument("--seconds", type=float, default=3, help="measured time of a case (bf16: of each variant)")
    args = parser.parse_args()
    if min(args.n) < 2:
        parser.error("--n must be at least 2: the first token is given, the others are predicted")

    models = {variant: load(args.shape, variant) for variant in VARIANTS[args.precision]}
    for threads in args.threads:
        torch.set_num_threads(threads)
        for vectors in args.vectors:
            for n in args.n:
                variants = {variant: summary(measure(build_step(model, n, vectors, variant), args.seconds))
                            for variant, model in models.items()}
                fastest = min(variants, key=lambda variant: variants[variant]["median_ms"])
                case = dict(engine="torch", shape=args.shape, n=n, vectors=vectors, precision=args.precision,
                            threads=threads, **variants[fastest], variant=fastest, version=torch.__version__,
                            attention=models[fastest].config._attn_implementation)
                if len(variants) > 1:
                    case["variants"] = variants
                print(json.dumps(case), flush=True)


if __name__ == "__main__":
    main()
