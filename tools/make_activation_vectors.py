#!/usr/bin/env python3
"""Write what the activations of transformers compute.

usage: make_activation_vectors.py FILE.safetensors        (needs torch, transformers, safetensors)

  x           [n]   arguments
  <name>      [n]   the activation that a config calls by that name
  <name>.dx   [n]   its derivative
"""
import sys
import torch
from safetensors.torch import save_file
from transformers.activations import ACT2FN

x = torch.cat([torch.linspace(-12, 12, 193), torch.tensor([-1e-3, 1e-3, -100.0, 100.0])])
tensors = {"x": x}
for name in ("silu", "swish", "gelu", "gelu_python", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python_tanh", "relu"):
    at = x.clone().requires_grad_()
    y = ACT2FN[name](at)
    (dx,) = torch.autograd.grad(y.sum(), at)
    tensors.update({name: y.detach(), name + ".dx": dx})
if len(sys.argv) != 2:
    sys.exit(__doc__)
save_file(tensors, sys.argv[1])
