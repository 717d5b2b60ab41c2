#!/usr/bin/env python3
"""Write the configs of published models, cut down to one layer and a small vocabulary, with the tensors they have.

usage: make_published_shapes.py OUT_DIR        (needs torch, transformers)

Each OUT_DIR/<name>.json holds "config", with the keys and values of the model's config.json on the hub but one layer and
512 tokens, and "tensors", the shape of each tensor that transformers creates for that config.
"""
import json, pathlib, sys
import torch
from transformers import AutoConfig, AutoModelForCausalLM

def pythia(hidden_size, heads):
    return dict(model_type="gpt_neox", architectures=["GPTNeoXForCausalLM"], bos_token_id=0, eos_token_id=0, hidden_act="gelu",
                hidden_size=hidden_size, initializer_range=0.02, intermediate_size=4 * hidden_size, layer_norm_eps=1e-05,
                max_position_embeddings=2048, num_attention_heads=heads, num_hidden_layers=1, rotary_emb_base=10000,
                rotary_pct=0.25, tie_word_embeddings=False, torch_dtype="float16", use_cache=True, use_parallel_residual=True)

def opt(hidden_size, heads, **more):
    return dict(dict(model_type="opt", architectures=["OPTForCausalLM"], activation_dropout=0.0, activation_function="relu",
                     attention_dropout=0.0, bos_token_id=2, do_layer_norm_before=True, dropout=0.1, eos_token_id=2,
                     ffn_dim=4 * hidden_size, hidden_size=hidden_size, init_std=0.02, layerdrop=0.0, max_position_embeddings=2048,
                     num_attention_heads=heads, num_hidden_layers=1, pad_token_id=1, prefix="</s>", torch_dtype="float16",
                     use_cache=True, word_embed_proj_dim=hidden_size), **more)

MODELS = {
    "pythia-160m": pythia(768, 12),
    "pythia-410m": pythia(1024, 16),
    "pythia-1.4b": pythia(2048, 16),
    "opt-125m": opt(768, 12, _remove_final_layer_norm=False),
    "opt-350m": opt(1024, 16, _remove_final_layer_norm=False, do_layer_norm_before=False, word_embed_proj_dim=512),
    "opt-1.3b": opt(2048, 32),
    "olmo-1b-0724-hf": dict(model_type="olmo", architectures=["OlmoForCausalLM"], attention_bias=False, attention_dropout=0.0,
                            clip_qkv=None, eos_token_id=50279, hidden_act="silu", hidden_size=2048, initializer_range=0.02,
                            intermediate_size=8192, max_position_embeddings=4096, num_attention_heads=16, num_hidden_layers=1,
                            num_key_value_heads=16, pad_token_id=1, rope_scaling=None, rope_theta=10000.0,
                            tie_word_embeddings=False, torch_dtype="float32", use_cache=True),
    "gpt2": dict(model_type="gpt2", architectures=["GPT2LMHeadModel"], activation_function="gelu_new", attn_pdrop=0.1,
                 bos_token_id=50256, embd_pdrop=0.1, eos_token_id=50256, initializer_range=0.02, layer_norm_epsilon=1e-05,
                 n_ctx=1024, n_embd=768, n_head=12, n_layer=1, n_positions=1024, resid_pdrop=0.1, summary_activation=None,
                 summary_first_dropout=0.1, summary_proj_to_labels=True, summary_type="cls_index", summary_use_proj=True),
    "llama-3.2-1b": dict(model_type="llama", architectures=["LlamaForCausalLM"], attention_bias=False, attention_dropout=0.0,
                         bos_token_id=128000, eos_token_id=128001, head_dim=64, hidden_act="silu", hidden_size=2048,
                         initializer_range=0.02, intermediate_size=8192, max_position_embeddings=131072, mlp_bias=False,
                         num_attention_heads=32, num_hidden_layers=1, num_key_value_heads=8, pretraining_tp=1, rms_norm_eps=1e-05,
                         rope_scaling=dict(factor=32.0, high_freq_factor=4.0, low_freq_factor=1.0,
                                           original_max_position_embeddings=8192, rope_type="llama3"),
                         rope_theta=500000.0, tie_word_embeddings=True, torch_dtype="bfloat16", use_cache=True),
    "qwen2.5-0.5b": dict(model_type="qwen2", architectures=["Qwen2ForCausalLM"], attention_dropout=0.0, bos_token_id=151643,
                         eos_token_id=151643, hidden_act="silu", hidden_size=896, initializer_range=0.02, intermediate_size=4864,
                         max_position_embeddings=32768, max_window_layers=24, num_attention_heads=14, num_hidden_layers=1,
                         num_key_value_heads=2, rms_norm_eps=1e-06, rope_theta=1000000.0, sliding_window=32768,
                         tie_word_embeddings=True, torch_dtype="bfloat16", use_cache=True, use_mrope=False,
                         use_sliding_window=False),
    "qwen3-0.6b": dict(model_type="qwen3", architectures=["Qwen3ForCausalLM"], attention_bias=False, attention_dropout=0.0,
                       bos_token_id=151643, eos_token_id=151645, head_dim=128, hidden_act="silu", hidden_size=1024,
                       initializer_range=0.02, intermediate_size=3072, max_position_embeddings=40960, max_window_layers=28,
                       num_attention_heads=16, num_hidden_layers=1, num_key_value_heads=8, rms_norm_eps=1e-06, rope_scaling=None,
                       rope_theta=1000000, sliding_window=None, tie_word_embeddings=True, torch_dtype="bfloat16", use_cache=True,
                       use_sliding_window=False),
    "gemma-3-270m": dict(model_type="gemma3_text", architectures=["Gemma3ForCausalLM"], _sliding_window_pattern=6,
                         attention_bias=False, attention_dropout=0.0, attn_logit_softcapping=None, bos_token_id=2, eos_token_id=1,
                         final_logit_softcapping=None, head_dim=256, hidden_activation="gelu_pytorch_tanh", hidden_size=640,
                         initializer_range=0.02, intermediate_size=2048, layer_types=["sliding_attention"],
                         max_position_embeddings=32768, num_attention_heads=4, num_hidden_layers=1, num_key_value_heads=1,
                         pad_token_id=0, query_pre_attn_scalar=256, rms_norm_eps=1e-06, rope_local_base_freq=10000.0,
                         rope_scaling=None, rope_theta=1000000.0, sliding_window=512, torch_dtype="bfloat16",
                         use_bidirectional_attention=False, use_cache=True),
    "gemma-3-4b-it": dict(model_type="gemma3", architectures=["Gemma3ForConditionalGeneration"], boi_token_index=255999,
                          eoi_token_index=256000, eos_token_id=[1, 106], image_token_index=262144, initializer_range=0.02,
                          mm_tokens_per_image=256, torch_dtype="bfloat16",
                          text_config=dict(model_type="gemma3_text", hidden_size=2560, intermediate_size=10240,
                                           num_hidden_layers=1, sliding_window=1024, vocab_size=512,
                                           rope_scaling=dict(factor=8.0, rope_type="linear")),
                          vision_config=dict(model_type="siglip_vision_model", hidden_size=1152, image_size=896,
                                             intermediate_size=4304, num_attention_heads=16, num_hidden_layers=1, patch_size=14,
                                             vision_use_head=False)),
}

if len(sys.argv) != 2:
    sys.exit(__doc__)
out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
for name, config in MODELS.items():
    config.get("text_config", config)["vocab_size"] = 512
    (out / "config.json").write_text(json.dumps(config))
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(out, bos_token_id=0, eos_token_id=0, pad_token_id=0))
    # The name that files have; transformers changes it when it reads and writes them.
    head = "embed_out.weight" if config["model_type"] == "gpt_neox" else "lm_head.weight"
    tensors = {head if key == "lm_head.weight" else key: list(value.shape) for key, value in model.state_dict().items()}
    # What only images go through.
    tensors = {key: shape for key, shape in tensors.items() if not key.startswith(("model.vision_tower", "model.multi_modal"))}
    (out / f"{name}.json").write_text(json.dumps(dict(config=config, tensors=tensors), indent=1) + "\n")
    print(name, sum(parameter.numel() for parameter in model.parameters()))
(out / "config.json").unlink()
