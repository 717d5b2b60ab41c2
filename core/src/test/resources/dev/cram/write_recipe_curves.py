#!/usr/bin/env python3
"""Run the published recipes in PyTorch on a parity fixture and write what each step saw.

usage: write_recipe_curves.py FIXTURE_DIR OUT.safetensors        (needs torch, transformers, safetensors)

FIXTURE_DIR is one that tools/make_fixtures.py made; the vectors start from its `mem`, the text is its `ids`.
  paper_loss            [30]   mean cross-entropy of t2..tn given their prefixes before step i, in nats
  paper_accuracy        [30]   share of t2..tn whose argmax is right
  progressive_loss      [120]  mean cross-entropy of the first progressive_length[i] tokens, t1 predicted too, before step i
  progressive_length    [120]  int64; one more after each step that saw all of them right
  progressive_rate      [120]  the learning rate of step i
The schedule of recipe B is that of transformers, for 400 steps; a table of it is printed too.
"""
import sys
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, get_scheduler

PAPER_STEPS, PROGRESSIVE_STEPS, MAX_STEPS, WARMUP = 30, 120, 400, 100


def schedule(optimizer, steps, warmup, floor):
    return get_scheduler("cosine_with_min_lr", optimizer, num_warmup_steps=warmup, num_training_steps=steps,
                         scheduler_specific_kwargs=dict(min_lr=floor))


def adamw(parameter, rate):
    return torch.optim.AdamW([parameter], lr=rate, betas=(0.9, 0.9), eps=1e-8, weight_decay=0.01)


def main():
    folder, out = sys.argv[1:]
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model.eval().requires_grad_(False)
    expected = load_file(f"{folder}/expected.safetensors")
    ids, start = expected["ids"], expected["mem"]
    rows = model.get_input_embeddings()(ids)
    cross_entropy = torch.nn.functional.cross_entropy

    def logits(mem):
        """Row i predicts target i, t1 being target 0."""
        x = torch.cat([mem, rows[:-1]])[None]
        return model(inputs_embeds=x, use_cache=False).logits[0, len(mem) - 1:]

    result = {}
    mem = torch.nn.Parameter(start.clone())
    optimizer = adamw(mem, 0.01)
    losses, accuracies = [], []
    for _ in range(PAPER_STEPS):
        predicted = logits(mem)[1:]
        loss = cross_entropy(predicted, ids[1:])
        losses.append(loss.item())
        accuracies.append((predicted.argmax(-1) == ids[1:]).float().mean().item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    result["paper_loss"] = torch.tensor(losses)
    result["paper_accuracy"] = torch.tensor(accuracies)

    mem = torch.nn.Parameter(start.clone())
    optimizer = adamw(mem, 0.1)
    scheduler = schedule(optimizer, MAX_STEPS, WARMUP, 0.001)
    losses, lengths, rates = [], [], []
    length = 1
    for _ in range(PROGRESSIVE_STEPS):
        predicted = logits(mem)[:length]
        loss = cross_entropy(predicted, ids[:length])
        losses.append(loss.item())
        lengths.append(length)
        rates.append(optimizer.param_groups[0]["lr"])
        exact = bool((predicted.argmax(-1) == ids[:length]).all())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        length += 1 if exact and length < len(ids) else 0
    result["progressive_loss"] = torch.tensor(losses)
    result["progressive_length"] = torch.tensor(lengths)
    result["progressive_rate"] = torch.tensor(rates)
    save_file(result, out)
    print("paper", losses_text(result["paper_loss"]), "progressive", losses_text(result["progressive_loss"]), "lengths", lengths)

    optimizer = adamw(torch.nn.Parameter(torch.zeros(1)), 0.1)
    scheduler = schedule(optimizer, 10_000, 100, 0.001)
    for step in range(10_001):
        if step in (0, 1, 50, 99, 100, 101, 2575, 5050, 9999, 10_000):
            print(step, repr(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()


def losses_text(losses):
    return " ".join("%.4f" % loss for loss in losses[::10])


if __name__ == "__main__":
    main()
