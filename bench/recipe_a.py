"""Recipe A of Kuratov et al. (2025) in PyTorch, and the passages that it and Cram are given. Shares no code with Cram."""
import contextlib, csv, math, os, random, re, subprocess, time
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

logging.disable_progress_bar()

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CRAM_TINY = os.path.join(ROOT, "lm/src/main/resources/dev/cram/lm/models/cram-tiny")


def passage(path, length, index=0):
    """Some words from the middle of a file, those of other sixteenths of it for a larger index and then of what lies between them,
    without the end of a sentence: Cram takes such a document as it is."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    characters = 12 * length + 200
    begin = (len(text) // 2 + index * len(text) // 16 + index // 16 * len(text) // 40) % max(1, len(text) - characters)
    some = text[begin:][:characters]
    return re.sub(r"\s+", " ", re.sub(r"[.!?:;\"]+", ",", some[some.index(" "):])).strip()


def random_passage(words, length, index):
    """Words drawn from a list at random, the same ones for the same index."""
    return " ".join(random.Random(index).choices(words, k=length + 20))


def write_passages(folder, files, samples, length, words=None):
    """Writes s0.txt, s1.txt ... and returns their texts; sample i is from file i, then from a later place in file 0 on; or, given a
    file of words, of random words."""
    if words is None:
        texts = [passage(files[i % len(files)], length, i // len(files)) for i in range(samples)]
    else:
        with open(words, encoding="utf-8") as file:
            without_marks = [word for word in file.read().split() if word.isalpha()]
        texts = [random_passage(without_marks, length, i) for i in range(samples)]
    for i, text in enumerate(texts):
        with open(f"{folder}/s{i}.txt", "w", encoding="utf-8") as file:
            file.write(text)
    return texts


def measure(folder, samples, *options, tables=("results",)):
    """Runs of `cram measure` on those passages, the rows of those tables, by (source, seed)."""
    database = os.path.join(folder, "measured.db")
    launcher = os.path.join(ROOT, "cram")
    sources = [f"--source=s{i}=file:{folder}/s{i}.txt" for i in range(samples)]
    subprocess.run([launcher, "measure", "--quiet", "--samples=1", f"--database={database}", *options, *sources], check=True)
    runs = {}
    csv.field_size_limit(1 << 30)
    for table in tables:
        file = os.path.join(folder, table + ".csv")
        subprocess.run([launcher, "export", database, "--table", table, "-o", file], check=True)
        with open(file, newline="") as rows:
            for row in csv.DictReader(rows):
                runs.setdefault(row["id"], {}).update(row)
    return {(run["source"], int(run["seed"])): run for run in runs.values()}


def pretrained(path):
    """What transformers' from_pretrained takes of a Hugging Face directory or a GGUF file: a folder, and options."""
    if not os.path.isfile(path):
        return path, {}
    folder, name = os.path.split(os.path.abspath(path))
    return folder, {"gguf_file": name}


class RecipeA:
    """The recipe on a frozen model: a Hugging Face directory or a GGUF file.

    A variant is f32; autocast, weights in float32 under torch.autocast to bfloat16, as the authors do; or cast, weights
    converted to bfloat16 once.
    """

    def __init__(self, path, variant="f32"):
        path, options = pretrained(path)
        self.tokenizer = AutoTokenizer.from_pretrained(path, **options)
        dtype = torch.bfloat16 if variant == "cast" else torch.float32
        self.model = AutoModelForCausalLM.from_pretrained(path, dtype=dtype, **options).eval().requires_grad_(False)
        self.embeddings = self.model.get_input_embeddings()
        self.std = self.embeddings.weight.float().std()
        self.variant = variant

    def tokens(self, text, length):
        return torch.tensor(self.tokenizer(text)["input_ids"][:length])

    def loss_and_accuracy(self, mem, tokens):
        """Of t2..tn, t1 given: the logits of the [mem] positions are dropped, as the authors do."""
        context = torch.autocast("cpu", torch.bfloat16) if self.variant == "autocast" else contextlib.nullcontext()
        with context:
            rows = self.embeddings(tokens)[None]
            if mem is not None:
                rows = torch.cat([mem[None].to(rows.dtype), rows], 1)
            logits = self.model(inputs_embeds=rows, use_cache=False).logits[0, (0 if mem is None else mem.shape[0]):-1]
            loss = torch.nn.functional.cross_entropy(logits.float(), tokens[1:])
        return loss, (logits.argmax(-1) == tokens[1:]).float().mean().item()

    def search(self, tokens, seed, steps=5000, seconds=math.inf):
        """The best (accuracy, loss), the steps and the seconds that it took to be exact or to give up."""
        torch.manual_seed(seed)
        mem = torch.nn.Parameter(torch.randn(1, self.embeddings.weight.shape[1]) * self.std)
        optimiser = torch.optim.AdamW([mem], lr=0.01, betas=(0.9, 0.9), weight_decay=0.01)
        best, start, step = (-1.0, math.inf), time.perf_counter(), 0
        for step in range(steps):
            loss, accuracy = self.loss_and_accuracy(mem, tokens)
            best = max(best, (accuracy, loss.item()), key=lambda of: (of[0], -of[1]))
            if accuracy == 1.0 or time.perf_counter() - start > seconds:
                break
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return best, step, time.perf_counter() - start
