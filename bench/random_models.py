#!/usr/bin/env python3
"""Random models of the shapes of Pythia-160M, OPT-125M and Mamba-130M, for where their weights cannot be had.

usage: bench/random_models.py FOLDER --tokenizer MODEL      (after bench/setup-torch)

Writes FOLDER/pythia-160m, FOLDER/opt-125m and FOLDER/mamba-130m, as transformers initialises them, with the tokenizer of MODEL: a
Hugging Face directory or a GGUF file of at most 50,272 tokens. 1.7 gigabytes.
"""
import argparse, os
from transformers import AutoTokenizer
from recipe_a import pretrained
from torch_step import SHAPES, load


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--tokenizer", required=True)
    options = parser.parse_args()
    path, arguments = pretrained(options.tokenizer)
    tokenizer = AutoTokenizer.from_pretrained(path, **arguments)
    for name in ("pythia-160m", "opt-125m", "mamba-130m"):
        vocabulary = SHAPES[name]["vocab_size"]
        if len(tokenizer) > vocabulary:
            parser.error(f"the tokenizer has {len(tokenizer)} tokens, {name} has {vocabulary}")
        folder = os.path.join(options.folder, name)
        load(name, "f32").save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        print(folder, flush=True)


if __name__ == "__main__":
    main()
