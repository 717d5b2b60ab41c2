#!/usr/bin/env python3
"""Random models of the shapes of Pythia-160M, OPT-125M and Mamba-130M, for where their weights cannot be had.

usage: bench/random_models.py FOLDER --tokenizer MODEL      (after bench/setup-torch)

Writes FOLDER/pythia-160m, FOLDER/opt-125m and FOLDER/mamba-130m, as transformers initialises them, with the tokenizer of MODEL: a Hugging Face
directory or a GGUF file of fewer than 50,272 tokens. Three gigabytes.
"""
import argparse, os
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GPTNeoXConfig, MambaConfig, OPTConfig

SHAPES = {
    "pythia-160m": GPTNeoXConfig(vocab_size=50304, hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
                                 intermediate_size=3072, max_position_embeddings=2048, rotary_pct=0.25),
    "opt-125m": OPTConfig(vocab_size=50272, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, ffn_dim=3072,
                          max_position_embeddings=2048, word_embed_proj_dim=768),
    "mamba-130m": MambaConfig(vocab_size=50280, hidden_size=768, num_hidden_layers=24, state_size=16),
}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--tokenizer", required=True)
    options = parser.parse_args()
    path, arguments = options.tokenizer, {}
    if os.path.isfile(path):
        path, arguments["gguf_file"] = os.path.split(os.path.abspath(path))
    tokenizer = AutoTokenizer.from_pretrained(path, **arguments)
    for name, config in SHAPES.items():
        torch.manual_seed(1)
        if len(tokenizer) > config.vocab_size:
            parser.error(f"the tokenizer has {len(tokenizer)} tokens, {name} has {config.vocab_size}")
        folder = os.path.join(options.folder, name)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        print(folder, flush=True)


if __name__ == "__main__":
    main()
