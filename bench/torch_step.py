#!/usr/bin/env python3
"""Times one optimisation step of the per-text recipe of Kuratov et al. (2025) in PyTorch and transformers.

A step is what their training loop does for one text: one trainable [mem] vector in front of the embeddings of the
tokens t1..tn, forward through a frozen causal LM, mean cross-entropy of t2..tn (the logits of the [mem] position are
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

SHAPES = {
    "smollm2-135m": dict(
        model_type="llama", hidden_size=576, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3,
        intermediate_size=1536, vocab_size=49152, rope_parameters=dict(rope_type="default", rope_theta=100000.0),
        max_position_embeddings=8192, rms_norm_eps=1e-5, initializer_range=1 / 24, tie_word_embeddings=True),
    "cram-tiny": dict(
        model_type="llama", hidden_size=256, num_hidden_layers=8, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=704, vocab_size=4096, rope_parameters=dict(rope_type="default", rope_theta=10000.0),
        max_position_embeddings=2048, rms_norm_eps=1e-5, initializer_range=0.02, tie_word_embeddings=True),
    "mamba-130m": dict(
        model_type="mamba", hidden_size=768, num_hidden_layers=24, state_size=16, conv_kernel=4, expand=2,
        time_step_rank=48, vocab_size=50280),
}
VARIANTS = {"f32": ["f32"], "bf16": ["autocast", "cast"]}
WARM_UP_STEPS = 5  # and at least so many seconds, as StepBench does
WARM_UP_SECONDS = 3
LEAST_STEPS = 5


def build_step(shape, n, variant):
    """Returns a function that makes one optimisation step and returns (loss, accuracy), and the attention's name."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**SHAPES[shape])).eval().requires_grad_(False)
    std = model.get_input_embeddings().weight.std()
    mem = torch.nn.Parameter(torch.randn(1, 1, model.config.hidden_size) * std)
    if variant == "cast":
        model.to(torch.bfloat16)
    tokens = torch.randint(model.config.vocab_size, (1, n))
    targets = tokens[0, 1:]
    optimizer = torch.optim.AdamW([mem], lr=0.01, betas=(0.9, 0.9), weight_decay=0.01)

    def step():
        autocast = torch.autocast("cpu", torch.bfloat16) if variant == "autocast" else contextlib.nullcontext()
        with autocast:
            embeddings = model.get_input_embeddings()(tokens)
            rows = torch.cat([mem.to(embeddings.dtype), embeddings], dim=1)
            logits = model(inputs_embeds=rows, use_cache=False).logits[0, 1:-1]
            loss = torch.nn.functional.cross_entropy(logits.float(), targets)
            accuracy = (logits.argmax(-1) == targets).float().mean().item()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item(), accuracy

    return step, model.config._attn_implementation


def measure(step, seconds):
    """Runs the step for at least that many seconds, after a warm-up; returns the milliseconds of each step."""
    warm_up_end = time.perf_counter() + WARM_UP_SECONDS
    warm_up_steps = 0
    while warm_up_steps < WARM_UP_STEPS or time.perf_counter() < warm_up_end:
        step()
        warm_up_steps += 1

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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, nargs="+", default=["smollm2-135m"])
    parser.add_argument("--n", type=int, nargs="+", default=[64, 256], help="tokens of the text")
    parser.add_argument("--precision", "--dtype", choices=VARIANTS, nargs="+", default=["f32"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seconds", type=float, default=10, help="measured time of a case (bf16: of each variant)")
    args = parser.parse_args()
    if min(args.n) < 2:
        parser.error("--n must be at least 2: the first token is given, the others are predicted")
    torch.set_num_threads(args.threads)

    for shape in args.shape:
        for precision in args.precision:
            for n in args.n:
                variants = {}
                for variant in VARIANTS[precision]:
                    step, attention = build_step(shape, n, variant)
                    variants[variant] = summary(measure(step, args.seconds))
                fastest = min(variants, key=lambda variant: variants[variant]["median_ms"])
                case = dict(engine="torch", shape=shape, n=n, precision=precision, threads=args.threads,
                            **variants[fastest], variant=fastest, version=torch.__version__, attention=attention)
                if len(variants) > 1:
                    case["variants"] = variants
                print(json.dumps(case), flush=True)


if __name__ == "__main__":
    main()
